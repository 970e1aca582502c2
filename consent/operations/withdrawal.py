"""Leaving: from one purpose, or from everything and for good."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction

from consent.circumstances import Circumstances
from consent.guardians import wards_let_go
from consent.ledger import Entry, record
from consent.models import (
    ActorKind,
    Confirmation,
    ConfirmationKind,
    Consent,
    EventKind,
    GuardianshipEnd,
    Hold,
    Purpose,
    Standing,
    Suppression,
    SuppressionSource,
)
from consent.models.confirmations import Outcome
from consent.operations.guardianship_ends import end_guardianships
from consent.texts import text_sender
from subscribers import encryption, numbers
from subscribers.models import Subscriber
from subscribers.operations import lock_number, lock_person, lock_subscriber

STILL_OPEN = (Standing.REQUESTED, Standing.CONFIRMED)
ACTORS = {
    SuppressionSource.TEXT: ActorKind.SUBSCRIBER,
    SuppressionSource.PAGE: ActorKind.SUBSCRIBER,
    SuppressionSource.STAFF: ActorKind.STAFF,
    SuppressionSource.CARRIER: ActorKind.CARRIER,
    SuppressionSource.UNDECIDED: ActorKind.SYSTEM,
}
# One live no for a number; it knows when it was said first and last.
SUPPRESS = """
    INSERT INTO consent_suppression AS s (number_digest, digest_key_id, source, since_at)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (number_digest) WHERE lifted_at IS NULL
    DO UPDATE SET repeated_at = excluded.since_at
    WHERE excluded.since_at > COALESCE(s.repeated_at, s.since_at)
"""


def withdraw_consent(
    *, subscriber: Subscriber, purpose: Purpose, circumstances: Circumstances, at: datetime
) -> None:
    """The person takes back one purpose. Nothing else is touched: every text asks at the end.

    Returns when no text permitted before is still leaving.
    """
    locked_at = _withdraw(subscriber, purpose, circumstances, at)
    text_sender().await_silence(subscriber_id=subscriber.pk, locked_at=locked_at)


@transaction.atomic
def _withdraw(
    subscriber: Subscriber, purpose: Purpose, circumstances: Circumstances, at: datetime
) -> float:
    lock_subscriber(subscriber)
    locked_at = time.monotonic()
    standing = Consent.objects.filter(subscriber=subscriber, purpose=purpose, status__in=STILL_OPEN)
    if standing.exists():
        proof = {"method": "page", **circumstances.as_evidence()}
        _record_withdrawal(subscriber, purpose, ActorKind.SUBSCRIBER, proof, at)
    _take_back_request(subscriber, purpose, at)
    return locked_at


def _take_back_request(subscriber: Subscriber, purpose: Purpose, at: datetime) -> None:
    """A YES to an older text must not bring back what was just taken back."""
    naming = subscriber.confirmations.filter(
        outcome__in=[Outcome.OPEN, Outcome.SUPERSEDED], purposes__notice_purpose__purpose=purpose
    )
    for request in naming.distinct():
        if not _goes_on_without(request, purpose):
            request.outcome, request.answered_at = Outcome.WITHDRAWN, at
            request.save(update_fields=["outcome", "answered_at"])


def _goes_on_without(request: Confirmation, purpose: Purpose) -> bool:
    """The question about several that end must still be answered for the others."""
    if request.kind != ConfirmationKind.RECONFIRM:
        return False
    request.purposes.filter(notice_purpose__purpose=purpose).delete()
    return request.purposes.exists()


def stop_and_wait(
    *,
    subscriber: Subscriber,
    source: SuppressionSource,
    at: datetime,
    proof: dict[str, object] | None = None,
    circumstances: Circumstances | None = None,
) -> None:
    """`stop_all_texts` in a transaction of its own; from its return on no submission starts."""
    locked_at = stop_all_texts(
        subscriber=subscriber, source=source, at=at, proof=proof, circumstances=circumstances
    )
    text_sender().await_silence(subscriber_id=subscriber.pk, locked_at=locked_at)
    await_wards(subscriber.pk, at=at)


def await_wards(holder_id: int, *, at: datetime) -> None:
    """What a guardian's no took back is not leaving any more either."""
    for ward_id in wards_let_go(holder_id, at=at):
        # They were locked after the guardian, at some moment before this one.
        text_sender().await_silence(subscriber_id=ward_id, locked_at=time.monotonic())


@transaction.atomic
def stop_all_texts(
    *,
    subscriber: Subscriber,
    source: SuppressionSource,
    at: datetime,
    proof: dict[str, object] | None = None,
    circumstances: Circumstances | None = None,
) -> float:
    """Suppress the number and withdraw everything, at once and for good.

    Only START or JOIN sent from the number itself opens it again. Returns
    `time.monotonic()` when the person's lock was held.
    """
    given = (proof or {}) | (circumstances.as_evidence() if circumstances is not None else {})
    person = lock_person(subscriber)
    locked_at = time.monotonic()
    suppress_person(person, source=source, at=at)
    withdraw_everything(person, source=source, proof=given, at=at)
    return locked_at


def suppress_person(person: Subscriber, *, source: SuppressionSource, at: datetime) -> None:
    """By the digest that stands in the row: it needs no key, and sending compares just that.

    The caller holds the person's number and the person, and read them after that: their keys may
    have been rotated, or their number changed.
    """
    if person.number_digest is not None:
        suppress_digest(person.number_digest, person.digest_key_id, source=source, at=at)


def withdraw_everything(
    person: Subscriber, *, source: SuppressionSource, proof: dict[str, object], at: datetime
) -> None:
    """Every yes, every open question, every hold and what others may get on their word. The caller
    holds the person."""
    evidence = {"method": source.value, **proof}
    for purpose in _purposes_to_withdraw(person):
        _record_withdrawal(person, purpose, ACTORS[source], evidence, at)
    person.confirmations.filter(outcome__in=[Outcome.OPEN, Outcome.SUPERSEDED]).update(
        outcome=Outcome.WITHDRAWN, answered_at=at
    )
    _end_hold(person, ACTORS[source], evidence, at)
    end_guardianships(
        holder=person, because=GuardianshipEnd.STOPPED, proof=_of_guardian(proof), at=at
    )


def _of_guardian(proof: dict[str, object]) -> dict[str, object]:
    return {"method": "the guardian wants no more texts", **proof}


def _end_hold(
    subscriber: Subscriber, actor_kind: ActorKind, proof: dict[str, object], at: datetime
) -> None:
    """After a stop there is nothing left to decide; the ledger shows how the hold ended."""
    if not Hold.objects.filter(subscriber=subscriber, released_at=None).update(released_at=at):
        return
    entry = Entry(
        kind=EventKind.RELEASED, subscriber=subscriber, actor_kind=actor_kind, evidence=proof
    )
    record(entry, at=at)


def withdraw_what_stands(subscriber: Subscriber, *, proof: dict[str, object], at: datetime) -> None:
    """Take back every yes that is still on record. The caller holds the person's lock."""
    for consent in subscriber.consents.filter(status__in=STILL_OPEN).select_related("purpose"):
        _record_withdrawal(subscriber, consent.purpose, ActorKind.SUBSCRIBER, proof, at)


@transaction.atomic
def suppress_number(*, e164: str, source: SuppressionSource, at: datetime) -> None:
    """Leave this number alone, whether or not we know whose it is."""
    lock_number(e164)
    owner = Subscriber.objects.with_number(e164).first()
    if owner is not None:
        suppress_digest(owner.number_digest, owner.digest_key_id, source=source, at=at)
    else:
        key_id = encryption.current_keys()[1]
        suppress_digest(numbers.digest(e164), key_id, source=source, at=at)


def suppress_digest(
    digest: bytes | memoryview, key_id: str, *, source: SuppressionSource, at: datetime
) -> None:
    """Suppress under the very digest that a person's row has: sending compares the two in SQL,
    where nobody knows that another key would give the same number another digest."""
    with connection.cursor() as cursor:
        cursor.execute(SUPPRESS, [bytes(digest), key_id, source.value, at])


def move_suppressions(digests: Collection[bytes], *, to: bytes, key_id: str) -> None:
    """Keep every no to one number under one digest. The caller holds the number."""
    known = Suppression.objects.filter(number_digest__in=digests)
    live = list(known.filter(lifted_at=None).order_by("since_at", "pk"))
    # One live row a number: the oldest no stays, and knows of the newest.
    known.filter(pk__in=[each.pk for each in live[1:]]).delete()
    for oldest in live[:1]:
        newest = max(each.repeated_at or each.since_at for each in live)
        oldest.repeated_at = newest if newest > oldest.since_at else None
        oldest.save(update_fields=["repeated_at"])
    known.update(number_digest=to, digest_key_id=key_id)


@transaction.atomic
def lift_suppression(*, e164: str, at: datetime) -> bool:
    """START or JOIN came from the number itself. True when there was something to lift."""
    digests = numbers.digests(e164)
    lock_number(e164)
    live = Suppression.objects.filter(number_digest__in=digests, lifted_at=None)
    return live.update(lifted_at=at) > 0


def _purposes_to_withdraw(subscriber: Subscriber) -> list[Purpose | None]:
    """Those asked for or confirmed; a single None, so that even then the no is on record."""
    standing = subscriber.consents.filter(status__in=STILL_OPEN).select_related("purpose")
    purposes: list[Purpose | None] = [consent.purpose for consent in standing.order_by("pk")]
    return purposes or [None]


def _record_withdrawal(
    subscriber: Subscriber,
    purpose: Purpose | None,
    actor_kind: ActorKind,
    proof: dict[str, object],
    at: datetime,
) -> None:
    entry = Entry(
        kind=EventKind.WITHDRAWN,
        subscriber=subscriber,
        actor_kind=actor_kind,
        purpose=purpose,
        evidence=proof,
    )
    record(entry, at=at)
