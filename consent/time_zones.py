"""The time zones a person can choose from."""

from __future__ import annotations

import functools

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from subscribers.countries import country_name
from subscribers.zones import countries_of_listed_zones

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


def time_zone_choices(kept: str = "") -> list[Choice]:
    """For a select: no answer first, then the zones of each part of the world.

    `kept` stays a choice, though it may be an older name that the list leaves out.
    """
    language = get_language() or "en"
    groups: list[Choice] = [(label, _zones_of(each, language)) for each, label in REGIONS.items()]
    listed = not kept or kept in countries_of_listed_zones()
    before = [] if listed else [(kept, ", ".join(_parts(kept)))]
    return [("", _("I would rather not say")), *before, *groups]


@functools.cache
def _zones_of(region: str, language: str) -> list[tuple[str, str]]:
    """By name; `language` is that of the names of the countries."""
    listed = countries_of_listed_zones().items()
    named = [(zone, _name(zone, each)) for zone, each in listed if zone.startswith(f"{region}/")]
    return sorted(named, key=lambda each: each[1])


def _name(zone: str, countries: frozenset[str]) -> str:
    """Such as "New York, United States" and "Buenos Aires, Argentina"."""
    parts = [*_parts(zone), *(country_name(each) for each in sorted(countries))]
    return ", ".join(dict.fromkeys(parts))


def _parts(zone: str) -> list[str]:
    """The place, and the larger place it is in: America/Argentina/Buenos_Aires."""
    return [part.replace("_", " ") for part in reversed(zone.split("/")[1:])] or [zone]
