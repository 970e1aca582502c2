"""A guardian takes it back, says no or never answers: nothing may rest on them any more."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from consent.guardians import held_guardianships, live_guardianships
from consent.ledger import Entry, record
from consent.models import (
    ActorKind,
    Consent,
    EventKind,
    Guardianship,
    GuardianshipEnd,
    Purpose,
    Standing,
)
from consent.models.confirmations import Outcome
from subscribers.encryption import UnableToDecrypt
from subscribers.models import Subscriber
from subscribers.operations import lock_subscriber

log = logging.getLogger(__name__)
# A guardianship without anything resting on it is kept this long, for a START of the young person.
UNUSED_FOR = timedelta(days=7)
BATCH = 500
Proof = dict[str, object]


def end_guardianships(
    *, holder: Subscriber, because: GuardianshipEnd, proof: Proof, at: datetime
) -> None:
    """End all that this guardian was asked about or agreed to. The caller holds their lock.

    A guardian's lock always comes before those of the young people, which come by their ids.
    """
    held = held_guardianships(holder)
    # Hardly anybody is a guardian, and everybody who says STOP comes by here.
    if not held.exists():
        return
    for guardianship in held.select_related("subscriber__subject_key"):
        try:
            with transaction.atomic():
                end_guardianship(guardianship, because=because, proof=proof, at=at)
        except (ObjectDoesNotExist, UnableToDecrypt):
            # Ended all the same: without it no text to someone under age is permitted.
            log.exception("guardianship %s: its end is kept without proof", guardianship.pk)
            close(guardianship, because, at)


def end_guardianship(
    guardianship: Guardianship, *, because: GuardianshipEnd, proof: Proof, at: datetime
) -> None:
    """Record the guardian's no, and take back what rested on their yes."""
    ward = guardianship.subscriber
    lock_subscriber(ward)
    guardianship.refresh_from_db(fields=["agreed_at", "ended_at"])
    if guardianship.ended_at is not None:
        return
    kind = EventKind.WITHDRAWN if guardianship.agreed_at else EventKind.DECLINED
    purposes = _resting_on(guardianship)
    close(guardianship, because, at)
    for purpose in purposes:
        _record(kind, guardianship, purpose, proof, at)


def close(guardianship: Guardianship, because: GuardianshipEnd, at: datetime) -> None:
    """The row alone, and the questions that are open about it."""
    guardianship.ended_at, guardianship.ended_because = at, because
    guardianship.save(update_fields=["ended_at", "ended_because"])
    guardianship.confirmations.filter(outcome__in=[Outcome.OPEN, Outcome.SUPERSEDED]).update(
        outcome=Outcome.WITHDRAWN, answered_at=at
    )


def _resting_on(guardianship: Guardianship) -> list[Purpose]:
    """What stands or waits by this guardian's word and by no other's."""
    ward = guardianship.subscriber
    if ward.erased_at is not None:
        return []
    open_now = ward.consents.filter(status__in=[Standing.REQUESTED, Standing.CONFIRMED])
    others = live_guardianships(ward).exclude(pk=guardianship.pk)
    return list(
        guardianship.purposes.filter(pk__in=open_now.values("purpose"))
        .exclude(pk__in=others.values("purposes"))
        .order_by("pk")
    )


def _record(
    kind: EventKind, guardianship: Guardianship, purpose: Purpose, proof: Proof, at: datetime
) -> None:
    entry = Entry(
        kind=kind,
        subscriber=guardianship.subscriber,
        actor_kind=ActorKind.GUARDIAN,
        purpose=purpose,
        evidence={**proof, "guardian": str(guardianship.reference)},
    )
    record(entry, at=at)


def close_old_guardianships(*, at: datetime) -> None:
    """End what no guardian answered in time, and what nothing rests on any more."""
    unanswered = Guardianship.objects.filter(agreed_at=None, ended_at=None, expires_at__lte=at)
    _close_each(unanswered, GuardianshipEnd.UNANSWERED, at)
    live = Guardianship.objects.filter(agreed_at__lte=at - UNUSED_FOR, ended_at=None)
    confirmed = Consent.objects.filter(status=Standing.CONFIRMED, subscriber=OuterRef("subscriber"))
    unused = live.exclude(Exists(confirmed)).exclude(confirmations__outcome="open")
    _close_each(unused, GuardianshipEnd.UNUSED, at)


def _close_each(rows: QuerySet[Guardianship], because: GuardianshipEnd, at: datetime) -> None:
    ids: Iterable[int] = list(rows.values_list("pk", flat=True)[:BATCH])
    for guardianship_id in ids:
        _close_one(guardianship_id, rows, because, at)


@transaction.atomic
def _close_one(
    guardianship_id: int, rows: QuerySet[Guardianship], because: GuardianshipEnd, at: datetime
) -> None:
    """Look again under the lock: they may have answered a moment ago."""
    lock_subscriber(Subscriber.objects.get(guardianships=guardianship_id))
    guardianship = rows.filter(pk=guardianship_id).first()
    if guardianship is not None:
        close(guardianship, because, at)
