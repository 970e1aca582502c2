"""The states and provinces a person can choose from."""

from __future__ import annotations

from itertools import groupby

from django.utils.translation import gettext as _

from consent.time_zones import Choice
from subscribers.countries import country_name
from subscribers.models import Subscriber
from subscribers.operations import regions_offered
from subscribers.regions import Region, country_of_region


def region_choices(subscriber: Subscriber) -> list[Choice]:
    """For a select: no answer first, then the states; empty where none matter to the person."""
    offered = regions_offered(subscriber)
    if not offered:
        return []
    return [("", _("I would rather not say")), *_grouped(offered), *_kept(subscriber, offered)]


def _grouped(offered: tuple[Region, ...]) -> list[Choice]:
    groups = [
        (country_name(country), [(each.code, each.name) for each in states])
        for country, states in groupby(offered, key=lambda each: country_of_region(each.code))
    ]
    return [*groups] if len(groups) > 1 else [*groups[0][1]]


def _kept(subscriber: Subscriber, offered: tuple[Region, ...]) -> list[Choice]:
    """What was imported stays a choice, though we have no name for it."""
    region = subscriber.region
    known = not region or region in {each.code for each in offered}
    return [] if known else [(region, region)]
