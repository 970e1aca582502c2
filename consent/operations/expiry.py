"""Time passes: requests close unanswered, and a yes that has run out is recorded as such."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from consent import caps
from consent.guardians import live_guardianships
from consent.ledger import Entry, record
from consent.models import (
    ActorKind,
    Confirmation,
    Consent,
    EventKind,
    GuardianshipEnd,
    PageLink,
    Standing,
)
from consent.models.confirmations import AccessCode, Outcome
from consent.operations.asking_again import ask_again, ending, may_be_asked
from consent.operations.erasure import purge_held_numbers, purge_pending
from consent.operations.guardianship_ends import close, close_old_guardianships
from subscribers.encryption import UnableToDecrypt
from subscribers.models import AgeBand, Subscriber
from subscribers.operations import lock_subscriber, note_of_age

log = logging.getLogger(__name__)
BATCH = 500
# How long someone who came of age may think about it.
ANSWER_WITHIN = timedelta(days=14)


def record_expiries(*, at: datetime) -> int:
    """Write down what already holds: a yes is inactive from `expires_at` on, recorded or not."""
    lapsed = Consent.objects.filter(status=Standing.CONFIRMED, expires_at__lte=at)
    ids = list(lapsed.order_by("expires_at", "pk").values_list("pk", flat=True)[:BATCH])
    return sum(_record_expiry_or_log(consent_id, at) for consent_id in ids)


def _record_expiry_or_log(consent_id: int, at: datetime) -> bool:
    """One consent that cannot be written must not keep the others from it."""
    try:
        return _record_expiry(consent_id, at)
    except (ObjectDoesNotExist, UnableToDecrypt):
        log.exception("consent %s: its expiry could not be recorded", consent_id)
        return False


@transaction.atomic
def _record_expiry(consent_id: int, at: datetime) -> bool:
    consent = Consent.objects.select_related("subscriber__subject_key", "purpose").get(
        pk=consent_id
    )
    lock_subscriber(consent.subscriber)
    consent.refresh_from_db()
    if consent.status != Standing.CONFIRMED or not _has_run_out(consent, at):
        return False
    record_lapse(consent, ended_at=consent.expires_at or at, at=at)
    return True


def _has_run_out(consent: Consent, at: datetime) -> bool:
    return consent.expires_at is not None and consent.expires_at <= at


def record_lapse(consent: Consent, *, ended_at: datetime, at: datetime) -> None:
    """Write down that a yes ended by itself, and why. The caller holds the person's lock.

    Where it ended because a young person came of age, everything that did ends with it.
    """
    person = consent.subscriber
    if person.age_band == AgeBand.MINOR and not person.is_under_age(at):
        come_of_age(person, at=at)
    else:
        _record(consent, ended_at, at)


def come_of_age(person: Subscriber, *, at: datetime) -> None:
    """What a guardian allowed is over; the person is asked once for a yes of their own."""
    over = person.consents.filter(status=Standing.CONFIRMED, expires_at__lte=at)
    consents = list(over.select_related("purpose", "confirming_event__form").order_by("pk"))
    endings = [ending(each, at + ANSWER_WITHIN) for each in consents]
    for each in consents:
        each.subscriber = person
        _record(each, each.expires_at or at, at)
    note_of_age(subscriber=person)
    for guardianship in live_guardianships(person):
        close(guardianship, GuardianshipEnd.OF_AGE, at)
    known = [each for each in endings if each is not None]
    if known and may_be_asked(person):
        ask_again(person, known, of_age=True, at=at)


def _record(consent: Consent, ended_at: datetime, at: datetime) -> None:
    ran_out = _has_run_out(consent, at)
    entry = Entry(
        kind=EventKind.EXPIRED,
        subscriber=consent.subscriber,
        actor_kind=ActorKind.SYSTEM,
        purpose=consent.purpose,
        evidence={
            "method": "its time ran out" if ran_out else "nothing was heard for too long",
            "expired_at": ended_at.isoformat(),
            "last_heard_from": _iso(None if ran_out else consent.subscriber.last_acted_at),
            "confirmed_by": str(consent.confirming_event_id),
        },
    )
    record(entry, at=at)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def close_old_confirmations(*, at: datetime) -> int:
    """Close requests nobody answered in time, erase who never answered any, drop dead codes."""
    closed = Confirmation.objects.filter(outcome=Outcome.OPEN, expires_at__lte=at).update(
        outcome=Outcome.EXPIRED, answered_at=at
    )
    close_old_guardianships(at=at)
    purge_pending(at=at)
    purge_held_numbers(at=at)
    PageLink.objects.filter(expires_at__lte=at).delete()
    AccessCode.objects.filter(expires_at__lte=at).exclude(sent_at__gt=at - caps.KEPT_FOR).delete()
    caps.forget_old(at=at)
    return closed
