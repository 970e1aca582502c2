"""A text from a person. It can stop, hold, confirm, decline or ask for help, and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected

from consent.circumstances import Reply
from consent.models import Consent, Standing, SuppressionSource
from consent.operations.ageing import note_act
from consent.operations.answers import confirm_by_reply, decline_by_reply
from consent.operations.holds import place_hold
from consent.operations.number_change import (
    change_by_reply,
    decline_change,
    digests_at_stake,
)
from consent.operations.signup import ask_after_start
from consent.operations.withdrawal import (
    await_wards,
    lift_suppression,
    suppress_number,
    suppress_person,
    withdraw_everything,
    withdraw_what_stands,
)
from consent.suppression import number_is_suppressed
from consent.texts import TextKind, queue_text
from messaging.keywords import meaning
from messaging.models import InboundMessage, Meaning, Sender
from messaging.providers.base import InboundText
from messaging.silence import await_silence
from messaging.texts import erased_id, key_of, seal_inbound
from subscribers.models import Subscriber
from subscribers.operations import lock_digests, lock_owner

log = logging.getLogger(__name__)
TRIES = 4


def receive_text(*, provider: str, text: InboundText, at: datetime) -> None:
    """Do what the text says, once, however often the provider delivers it.

    After a STOP this returns only when Yeslist starts no further submission to
    the person: the caller's answer to the provider is the acknowledgement.
    """
    for attempt in range(1, TRIES + 1):
        try:
            subscriber_id, locked_at = _receive(provider, text, at)
            break
        except OperationalError as error:
            # Raw SQL may lock in another order than we do; STOP must win all the same.
            if attempt == TRIES or not isinstance(error.__cause__, DeadlockDetected):
                raise
    if subscriber_id is not None and meaning(text.body) == Meaning.STOP:
        await_silence(subscriber_id, locked_at=locked_at)
        await_wards(subscriber_id, at=at)


@transaction.atomic
def _receive(provider: str, text: InboundText, at: datetime) -> tuple[int | None, float]:
    lock_digests(digests_at_stake(text.from_number))
    subscriber = lock_owner(text.from_number)
    locked_at = time.monotonic()
    if subscriber is not None:
        _note_alive(subscriber)
    if _is_new(provider, text, subscriber, at):
        _act(Heard(provider, text), subscriber, at)
    return (subscriber.pk if subscriber else None), locked_at


def _note_alive(subscriber: Subscriber) -> None:
    """A number that texts us is not gone, whatever a carrier said of it."""
    if subscriber.number_gone_at is not None:
        Subscriber.objects.filter(pk=subscriber.pk).update(number_gone_at=None)


def _is_new(provider: str, text: InboundText, subscriber: Subscriber | None, at: datetime) -> bool:
    """Keep the text; False when this delivery repeats one we have, or had and erased."""
    known = (text.provider_message_id, erased_id(text.provider_message_id))
    before = InboundMessage.objects.filter(provider=provider, provider_message_id__in=known)
    if before.exists():
        return False
    senders = Sender.objects.filter(provider=provider, address=text.to_address)
    inbound = InboundMessage(
        provider=provider,
        provider_message_id=text.provider_message_id,
        sender_id=senders.values_list("pk", flat=True).first(),
        subscriber=subscriber,
        text_ciphertext=_sealed(text, subscriber),
        meaning=meaning(text.body),
        received_at=at,
    )
    # Whoever brings the same text waited for the number. An id that comes from two numbers at once
    # is a mistake of the provider's: both are heard.
    InboundMessage.objects.bulk_create([inbound], ignore_conflicts=True)
    return True


def _sealed(text: InboundText, subscriber: Subscriber | None) -> bytes | None:
    key = key_of(subscriber) if subscriber else None
    if key is None:
        return None
    return seal_inbound(text.body, key=key, provider_message_id=text.provider_message_id)


@dataclass(frozen=True)
class Heard:
    """A text and who brought it."""

    provider: str
    text: InboundText

    def proof(self) -> Reply:
        return Reply(
            words=self.text.body,
            provider=self.provider,
            provider_message_id=self.text.provider_message_id,
        )


def _act(heard: Heard, subscriber: Subscriber | None, at: datetime) -> None:
    said = meaning(heard.text.body)
    if subscriber is None:
        _act_for_stranger(said, heard.text, at)
        return
    if said not in (Meaning.STOP, Meaning.UNCLEAR):
        note_act(subscriber=subscriber, at=at)
    if said in ACTIONS:
        ACTIONS[said](heard, subscriber, at)


def _act_for_stranger(said: Meaning, text: InboundText, at: datetime) -> None:
    """A number nobody gave us: its STOP is remembered, and nothing is ever sent to it."""
    if said == Meaning.STOP:
        suppress_number(e164=text.from_number, source=SuppressionSource.TEXT, at=at)
    elif said == Meaning.START:
        lift_suppression(e164=text.from_number, at=at)


def _stop(heard: Heard, subscriber: Subscriber, at: datetime) -> None:
    """The no itself needs no key: where the proof cannot be encrypted, it holds all the same."""
    suppress_person(subscriber, source=SuppressionSource.TEXT, at=at)
    if key_of(subscriber) is None:
        log.error("a STOP is kept without its proof: a key is missing")
        return
    proof = heard.proof().as_evidence(at)
    withdraw_everything(subscriber, source=SuppressionSource.TEXT, proof=proof, at=at)
    _answer(TextKind.STOP_ANSWER, subscriber, at)


def _unclear(heard: Heard, subscriber: Subscriber, at: datetime) -> None:
    """It may mean stop. Where nothing stands there is nothing to hold."""
    agreed = Consent.objects.filter(subscriber=subscriber, status=Standing.CONFIRMED)
    if not agreed.exists() or number_is_suppressed(heard.text.from_number):
        return
    if key_of(subscriber) is None:
        log.error("an unclear text counts as a stop: a key is missing")
        _stop(heard, subscriber, at)
        return
    proof = heard.proof().as_evidence(at)
    place_hold(subscriber=subscriber, reason="unclear text", proof=proof, at=at)


def _start(heard: Heard, subscriber: Subscriber, at: datetime) -> None:
    # From someone who never said stop, START means nothing: only their YES confirms.
    if lift_suppression(e164=heard.text.from_number, at=at):
        # A yes from before that STOP is over, even where the STOP could not be recorded.
        withdraw_what_stands(subscriber, proof=heard.proof().as_evidence(at), at=at)
        ask_after_start(subscriber, reply=heard.proof(), at=at)


def _yes(heard: Heard, subscriber: Subscriber, at: datetime) -> None:
    if not change_by_reply(holder=subscriber, reply=heard.proof(), at=at):
        confirm_by_reply(subscriber=subscriber, reply=heard.proof(), at=at)


def _no(heard: Heard, subscriber: Subscriber, at: datetime) -> None:
    decline_change(holder=subscriber, at=at)
    decline_by_reply(subscriber=subscriber, reply=heard.proof(), at=at)


def _help(heard: Heard, subscriber: Subscriber, at: datetime) -> None:
    _answer(TextKind.HELP_ANSWER, subscriber, at)


def _answer(kind: TextKind, subscriber: Subscriber, at: datetime) -> None:
    queue_text(kind, subscriber=subscriber, language=subscriber.language, at=at)


ACTIONS: dict[Meaning, Callable[[Heard, Subscriber, datetime], None]] = {
    Meaning.STOP: _stop,
    Meaning.START: _start,
    Meaning.YES: _yes,
    Meaning.NO: _no,
    Meaning.HELP: _help,
    Meaning.UNCLEAR: _unclear,
}
