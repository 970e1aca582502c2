"""Moving to a new number: proven by a code to the old one and an answer from the new one."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from consent import caps
from consent.circumstances import Circumstances, Reply, address_block
from consent.codes import CODE_MINUTES, TRIES, code_hash, fits, new_code
from consent.guardians import held_guardianships
from consent.ledger import Entry, record
from consent.models import AccessCode, ActorKind, EventKind, NumberChange
from consent.models.confirmations import Outcome
from consent.operations.access import revoke_links
from consent.operations.erasure import forget
from consent.operations.signup import close_open
from consent.suppression import is_suppressed, number_is_suppressed
from consent.texts import TextKind, queue_text, text_sender
from subscribers import numbers
from subscribers.models import Subscriber
from subscribers.operations import (
    lock_digests,
    lock_subscriber,
    remember_subscriber,
)

GOOD_FOR = timedelta(minutes=CODE_MINUTES)
DAY = timedelta(days=1)


class UnableToChange(Exception):
    """The code is wrong, used, too old or was tried too often: never said which."""


class NumberTaken(UnableToChange):
    """The new number was proven, but has a history of its own here."""


def request_number_change(
    *, subscriber: Subscriber, e164: str, client_address: str, at: datetime
) -> None:
    """Text a code to the new number if we may. Nobody learns whether we know that number.

    The caller has seen to it that a code sent to the old number opened the page.
    """
    if caps.take(caps.access_caps(block=address_block(client_address)), at=at):
        _ask_new_number(subscriber, e164, at)


@transaction.atomic
def _ask_new_number(subscriber: Subscriber, e164: str, at: datetime) -> None:
    _lock_numbers(subscriber, e164)
    if is_suppressed(subscriber) or number_is_suppressed(e164):
        return
    holder = remember_subscriber(e164=e164, language=subscriber.language, at=at)
    _lock_people(subscriber, holder)
    subscriber.refresh_from_db()
    if subscriber.erased_at is None and holder != subscriber and _may_ask(subscriber, holder, at):
        _open_change(subscriber, holder, at)


def _lock_numbers(subscriber: Subscriber, *e164s: str) -> None:
    """All at once and in one order, so that two people swapping numbers cannot wait in a ring."""
    digests = {digest for e164 in e164s for digest in numbers.digests(e164)}
    lock_digests(digests.union(subscriber.number_digests))


def _lock_people(*people: Subscriber) -> None:
    for person in sorted(people, key=lambda each: each.pk):
        lock_subscriber(person)


def _may_ask(subscriber: Subscriber, holder: Subscriber, at: datetime) -> bool:
    """The caps of both: of who asks, and of the number that would be texted."""
    limit = int(settings.CONFIRMATIONS_PER_NUMBER_PER_DAY)
    cooldown = timedelta(seconds=settings.CONFIRMATION_COOLDOWN_SECONDS)
    for asked in (subscriber.number_changes, holder.number_changes_here):
        lately = asked.filter(requested_at__gt=at - DAY)
        if lately.count() >= limit or lately.filter(requested_at__gt=at - cooldown).exists():
            return False
    return True


def _open_change(subscriber: Subscriber, holder: Subscriber, at: datetime) -> None:
    code = new_code()
    subscriber.number_changes.filter(closed_at=None).update(closed_at=at)
    NumberChange.objects.create(
        subscriber=subscriber,
        holder=holder,
        code_hash=code_hash(code, subscriber=subscriber),
        requested_at=at,
        expires_at=at + GOOD_FOR,
    )
    queue_text(
        TextKind.NUMBER_CHANGE,
        subscriber=holder,
        language=subscriber.language,
        at=at,
        code=code,
        minutes=CODE_MINUTES,
    )


def change_with_code(
    *, subscriber: Subscriber, code: str, circumstances: Circumstances, at: datetime
) -> None:
    """The code of the text to the new number was typed on the person's page."""
    change = _try_code(subscriber, code, at)
    if change is None:
        raise UnableToChange
    proof = {"method": "code typed on the page", **circumstances.as_evidence()}
    locked_at = _complete(change, proof, at)
    # What was permitted to the old number may be leaving still.
    text_sender().await_silence(subscriber_id=subscriber.pk, locked_at=locked_at)


@transaction.atomic
def _try_code(subscriber: Subscriber, code: str, at: datetime) -> NumberChange | None:
    # A wrong try is counted in this transaction, so it must end without an error.
    lock_subscriber(subscriber)
    change = subscriber.number_changes.filter(closed_at=None, expires_at__gt=at).first()
    if change is None or change.wrong_codes >= TRIES:
        return None
    if fits(code, change.code_hash, subscriber=subscriber):
        return change
    NumberChange.objects.filter(pk=change.pk).update(wrong_codes=F("wrong_codes") + 1)
    return None


def digests_at_stake(e164: str) -> set[bytes]:
    """The digests of a number and of those that may move to it: a YES from it locks them all,
    and locks must be taken in one order."""
    changes = NumberChange.objects.filter(
        holder__number_digest__in=numbers.digests(e164), closed_at=None
    )
    moving = {digest for each in changes for digest in each.subscriber.number_digests}
    return moving.union(numbers.digests(e164))


def change_by_reply(*, holder: Subscriber, reply: Reply, at: datetime) -> bool:
    """YES from the new number. False where that YES answers something else."""
    change = holder.number_changes_here.filter(closed_at=None, expires_at__gt=at).last()
    if change is None or _answers_newer_request(holder, change):
        return False
    proof = {"method": "reply by text", **reply.as_evidence(at)}
    try:
        _complete(change, proof, at)
    except UnableToChange:
        return False
    return True


def decline_change(*, holder: Subscriber, at: datetime) -> None:
    """NO from the new number."""
    holder.number_changes_here.filter(closed_at=None).update(closed_at=at)


def _answers_newer_request(holder: Subscriber, change: NumberChange) -> bool:
    newer = holder.confirmations.filter(requested_at__gt=change.requested_at)
    return newer.filter(outcome=Outcome.OPEN).exists()


@transaction.atomic
def _complete(change: NumberChange, proof: dict[str, object], at: datetime) -> float:
    """Move the person, under the locks of both numbers and of both people."""
    subscriber, holder = change.subscriber, change.holder
    lock_digests({*subscriber.number_digests, *holder.number_digests})
    _lock_people(subscriber, holder)
    locked_at = time.monotonic()
    change, subscriber, holder = _under_locks(change)
    old, new = subscriber.phone_number, holder.phone_number
    forget(subscriber=holder, actor_kind=ActorKind.SYSTEM, remember_no=False, at=at)
    _move(subscriber, new, at)
    _record(subscriber, change, {**proof, "from_number": old, "to_number": new}, at)
    return locked_at


def _under_locks(change: NumberChange) -> tuple[NumberChange, Subscriber, Subscriber]:
    """As it stands now that nobody else can change it; a second answer finds it closed."""
    now = NumberChange.objects.filter(pk=change.pk, closed_at=None).first()
    if now is None or any(_is_out_of_reach(each) for each in (now.subscriber, now.holder)):
        raise UnableToChange
    _refuse_taken(now)
    return now, now.subscriber, now.holder


def _is_out_of_reach(person: Subscriber) -> bool:
    return person.erased_at is not None or is_suppressed(person)


def _refuse_taken(change: NumberChange) -> None:
    # That somebody once typed the number into a form is no history of its owner's.
    lived = change.holder.events.exclude(kind=EventKind.REQUESTED).exists()
    if lived or change.holder.memberships.exists() or held_guardianships(change.holder).exists():
        raise NumberTaken


def _move(subscriber: Subscriber, e164: str, at: datetime) -> None:
    """Whatever reached the old number, or was sent to it, opens nothing any more."""
    subscriber.phone_number, subscriber.number_gone_at = e164, None
    moved = ["number_ciphertext", "number_digest", "digest_key_id", "country", "number_area"]
    subscriber.save(update_fields=[*moved, "number_gone_at"])
    revoke_links(subscriber=subscriber, at=at)
    AccessCode.objects.filter(subscriber=subscriber).delete()
    close_open(subscriber, Outcome.SUPERSEDED, at)
    for changes in (subscriber.number_changes, subscriber.number_changes_here):
        changes.filter(closed_at=None).update(closed_at=at)


def _record(
    subscriber: Subscriber, change: NumberChange, proof: dict[str, object], at: datetime
) -> None:
    old_proof = {
        "old_number_proven": "a code texted to it opened the page",
        "asked_at": change.requested_at.isoformat(),
    }
    entry = Entry(
        kind=EventKind.NUMBER_CHANGED,
        subscriber=subscriber,
        actor_kind=ActorKind.SUBSCRIBER,
        evidence={**proof, **old_proof},
    )
    record(entry, at=at)
