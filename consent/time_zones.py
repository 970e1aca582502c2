"""The time zones a person can choose from."""

from __future__ import annotations

import functools
from zoneinfo import available_timezones

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}
Choice = tuple[str | Promise, str | Promise | list[tuple[str, str]]]


def time_zone_choices() -> list[Choice]:
    """For a select: no answer first, then the zones of each part of the world."""
    groups: list[Choice] = [(label, _zones_of(region)) for region, label in REGIONS.items()]
    return [("", _("I would rather not say")), *groups]


@functools.cache
def _zones_of(region: str) -> list[tuple[str, str]]:
    zones = sorted(zone for zone in available_timezones() if zone.startswith(f"{region}/"))
    return [(zone, _city(zone)) for zone in zones]


def _city(zone: str) -> str:
    """America/Argentina/Buenos_Aires is shown as Argentina: Buenos Aires."""
    return ": ".join(zone.split("/")[1:]).replace("_", " ")
