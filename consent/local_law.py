"""What the places a person may be in ask of consent: the one door to the policy packs from here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from consent.models import Purpose, PurposeKind
from consent.policy.requirements import Requirements, requirements
from subscribers import numbers
from subscribers.models import Subscriber
from subscribers.zones import whereabouts


def law_for(
    subscriber: Subscriber, *, at: datetime, purpose: Purpose | None = None
) -> Requirements:
    """Of every jurisdiction this person may be in; where none is known, the strictest answer."""
    where = whereabouts(
        time_zone=subscriber.time_zone,
        region=subscriber.region,
        number_area=subscriber.number_area,
        country=subscriber.country,
    )
    return requirements(where.jurisdictions, at=at, kind=_kind(purpose))


def _kind(purpose: Purpose | None) -> str:
    """As the packs name it."""
    is_service = purpose is not None and purpose.kind == PurposeKind.SERVICE
    return "service" if is_service else "marketing"


def law_for_number(e164: str, *, at: datetime) -> Requirements:
    """Of every jurisdiction that somebody with this number may be in."""
    where = whereabouts(
        time_zone="",
        region="",
        number_area=numbers.number_area(e164),
        country=numbers.country_of(e164),
    )
    return requirements(where.jurisdictions, at=at)


def law_in(countries: Iterable[str], *, at: datetime) -> Requirements:
    """Of all these countries together, by their ISO 3166-1 codes."""
    return requirements(frozenset(countries), at=at)
