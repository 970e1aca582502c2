"""Forgetting a person: every store erases, and the ledger keeps only that it happened."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from consent.ledger import Entry, record
from consent.models import (
    ActorKind,
    Consent,
    ConsentEvent,
    ErasureToList,
    EventKind,
    Guardianship,
    GuardianshipEnd,
    Standing,
    Suppression,
    SuppressionSource,
)
from consent.models.confirmations import Outcome
from consent.operations.guardianship_ends import end_guardianships
from consent.operations.listing import list_waiting
from consent.operations.withdrawal import await_wards, move_suppressions, suppress_digest
from consent.suppression import is_suppressed
from consent.texts import text_sender
from subscribers import encryption, numbers
from subscribers.models import SubjectKey, Subscriber
from subscribers.operations import lock_person
from subscribers.privacy import personal_data_stores

# How long someone who never answered is remembered, so that caps hold; then they are erased.
PENDING_KEPT_FOR = timedelta(days=7)
BATCH = 500


def erase_subscriber(
    *, subscriber: Subscriber, actor_kind: ActorKind, remember_no: bool, at: datetime
) -> None:
    """`forget`, and return when no text permitted before is still leaving."""
    locked_at = forget(subscriber=subscriber, actor_kind=actor_kind, remember_no=remember_no, at=at)
    text_sender().await_silence(subscriber_id=subscriber.pk, locked_at=locked_at)
    await_wards(subscriber.pk, at=at)


@transaction.atomic
def forget(
    *,
    subscriber: Subscriber,
    actor_kind: ActorKind,
    remember_no: bool,
    at: datetime,
    chosen_at: datetime | None = None,
) -> float:
    """Destroy the person's key, evidence, texts and number. A second time changes nothing.

    `remember_no`: a suppression by digest stays, and the next signup or import of
    the number meets it; otherwise even an earlier suppression goes. `chosen_at`: when
    the person chose, where that was long before `at`; a no said since then stays.
    Returns `time.monotonic()` when the person's lock was held.
    """
    person = lock_person(subscriber)
    locked_at = time.monotonic()
    if person.erased_at is None:
        _destroy_key(person)
        end_guardianships(
            holder=person,
            because=GuardianshipEnd.ERASED,
            proof={"method": "the guardian was erased"},
            at=at,
        )
        _settle_number(person, remember_no, at, chosen_at)
        _record(person, actor_kind, at)
        for store in reversed(personal_data_stores()):
            store.erase(person, at=at)
        transaction.on_commit(list_waiting, robust=True)
    return locked_at


def _destroy_key(person: Subscriber) -> None:
    """Another one takes its place for the last two events, so that this needs no key to open."""
    wrapped = SubjectKey.wrap(encryption.new_data_key(), person.pk)
    SubjectKey.objects.update_or_create(subscriber=person, defaults={"wrapped_key": wrapped})


def _settle_number(
    person: Subscriber, remember_no: bool, at: datetime, chosen_at: datetime | None
) -> None:
    """Keep the digest of the number, or nothing of it; and note it for the list outside."""
    waiting = ErasureToList(subject_reference=person.subject_reference, erased_at=at)
    if remember_no:
        # Once the number is gone this digest can never be made anew under another key.
        digest, key_id = newest_digest(person)
        move_suppressions(person.number_digests, to=digest, key_id=key_id)
        suppress_digest(digest, key_id, source=SuppressionSource.ERASURE, at=at)
        waiting.number_digest, waiting.digest_key_id = digest, key_id
    else:
        noes = Suppression.objects.filter(number_digest__in=person.number_digests)
        if chosen_at is not None:
            noes = noes.filter(Q(repeated_at=None) | Q(repeated_at__lte=chosen_at))
            noes = noes.filter(since_at__lte=chosen_at)
        noes.delete()
    waiting.save()


def newest_digest(person: Subscriber) -> tuple[bytes, str]:
    """The digest under the current key and that key's id; what is stored where the key is lost."""
    try:
        return numbers.digest(person.phone_number), encryption.current_keys()[1]
    except encryption.UnableToDecrypt:
        return bytes(person.number_digest or b""), person.digest_key_id


def _record(person: Subscriber, actor_kind: ActorKind, at: datetime) -> None:
    """Whoever wants to be erased takes back every yes: no erased person counts as agreed."""
    agreed = Consent.objects.filter(subscriber=person, status=Standing.CONFIRMED)
    for consent in agreed.select_related("purpose").order_by("pk"):
        entry = Entry(
            kind=EventKind.WITHDRAWN,
            subscriber=person,
            actor_kind=actor_kind,
            purpose=consent.purpose,
        )
        record(entry, at=at)
    record(Entry(kind=EventKind.ERASED, subscriber=person, actor_kind=actor_kind), at=at)


def purge_pending(*, at: datetime) -> int:
    """Erase people who were asked once, never answered, and wait for nothing.

    So goes who was asked as a guardian, once nothing rests on their answer.
    """
    them = OuterRef("pk")
    settled = Consent.objects.exclude(status=Standing.REQUESTED).filter(subscriber=them)
    said_yes = ConsentEvent.objects.filter(
        kind=EventKind.CONFIRMED, subject=OuterRef("subject_reference")
    )
    kept = Q(ended_at=None) | Q(requested_at__gt=at - PENDING_KEPT_FOR)
    wishes = Guardianship.objects.filter(kept)
    # Not IN: that is the whole of a large table, looked through for each of them.
    never_answered = (
        Subscriber.objects.reachable()
        .filter(pk__in=_waiting_for_an_answer(), created_at__lt=at - PENDING_KEPT_FOR)
        .filter(Q(confirmations__isnull=False) | Q(guardianships__isnull=False))
        .exclude(Exists(settled))
        .exclude(Exists(said_yes))
        .exclude(Exists(wishes.filter(subscriber=them)))
        .exclude(Exists(wishes.filter(holder=them)))
        .exclude(confirmations__outcome=Outcome.OPEN)
        .exclude(confirmations__requested_at__gt=at - PENDING_KEPT_FOR)
        .distinct()
    )
    return _purge(never_answered, at)


def _waiting_for_an_answer() -> QuerySet[Any, Any]:
    """Few, however many people there are: who was asked, and who is in a guardian's question."""
    asked = Consent.objects.filter(status=Standing.REQUESTED).values("subscriber")
    return asked.union(
        Guardianship.objects.values("subscriber"), Guardianship.objects.values("holder")
    )


def purge_held_numbers(*, at: datetime) -> int:
    """Erase who was made only to prove a new number, and never proved it."""
    never_proven = (
        Subscriber.objects.reachable()
        .filter(created_at__lt=at - PENDING_KEPT_FOR, number_changes_here__isnull=False)
        .filter(events=None, memberships=None)
        .exclude(guardianships_held__isnull=False)
        .exclude(number_changes_here__requested_at__gt=at - PENDING_KEPT_FOR)
        .distinct()
    )
    return _purge(never_proven, at)


def _purge(candidates: QuerySet[Subscriber], at: datetime) -> int:
    return sum(
        _purge_one(pk, candidates, at) for pk in candidates.values_list("pk", flat=True)[:BATCH]
    )


@transaction.atomic
def _purge_one(pk: int, candidates: QuerySet[Subscriber], at: datetime) -> bool:
    """Look again under the lock: they may have answered a moment ago."""
    person = lock_person(Subscriber.objects.get(pk=pk))
    if not candidates.filter(pk=pk).exists():
        return False
    remember_no = is_suppressed(person)
    forget(subscriber=person, actor_kind=ActorKind.SYSTEM, remember_no=remember_no, at=at)
    return True
