"""Reads: whose yes rests on a guardian, and what a guardian agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from consent.models import Confirmation, Guardianship
from subscribers.models import Subscriber


@dataclass(frozen=True)
class Ward:
    """A young person as their guardian knows them here."""

    number_ending: str
    agreed_at: datetime
    purposes: list[str]


def live_guardianships(subscriber: Subscriber) -> QuerySet[Guardianship]:
    """Those that a guardian agreed to and nobody ended, of a young person."""
    return subscriber.guardianships.filter(agreed_at__isnull=False, ended_at=None).order_by("pk")


def held_guardianships(holder: Subscriber) -> QuerySet[Guardianship]:
    """Those open or live with this guardian."""
    return holder.guardianships_held.filter(ended_at=None).order_by("subscriber_id", "pk")


def allowed_purposes(subscriber: Subscriber) -> set[int]:
    """The ids of the purposes that some guardian allows this young person."""
    found = live_guardianships(subscriber).values_list("purposes", flat=True)
    return {purpose_id for purpose_id in found if purpose_id is not None}


def wards(holder: Subscriber) -> list[Ward]:
    """Whom this guardian allowed what, as far as they were told when they were asked."""
    live = held_guardianships(holder).filter(agreed_at__isnull=False)
    return [
        Ward(
            number_ending=each.subscriber.phone_number[-2:],
            agreed_at=each.agreed_at,
            purposes=[purpose.name for purpose in each.purposes.order_by("name")],
        )
        for each in live.select_related("subscriber")
        if each.agreed_at is not None
    ]


def wards_let_go(holder_id: int, *, at: datetime) -> list[int]:
    """The ids of the young people whose guardianship with this one ended at that moment."""
    ended = Guardianship.objects.filter(holder_id=holder_id, ended_at=at)
    return list(ended.order_by().values_list("subscriber_id", flat=True).distinct())


def guardian_allows(confirmation: Confirmation, at: datetime) -> bool:
    """A yes to this counts: it is an adult's, or a guardian agreed to all that it names."""
    person = confirmation.subscriber
    if confirmation.guardianship_id is None and not person.is_under_age(at):
        return True
    named = set(confirmation.purposes.values_list("notice_purpose__purpose", flat=True))
    return named <= allowed_purposes(person)
