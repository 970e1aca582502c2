"""One turn of a lane, in this order and no other.

1. Reserve rate for what is due. 2. In one transaction: claim messages, lock their
people, load the facts in a new statement, read the clock, ask the gate, write its
answers. 3. Give back the rate that those answers left unused. 4. Write each text at
its start time, but none later than the permission is good for. 5. Record. No lock is
held while anything is on the wire.

The clock is read before the permit is written, and whoever says STOP gets the
person's lock only after that: so waiting a little over one second after getting
it outlasts every permission, and no two machines' clocks are ever compared.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from consent.models import SuppressionSource
from consent.operations.withdrawal import stop_all_texts
from messaging import limiter
from messaging.lanes import claims, permits, results
from messaging.lanes.permits import Permitted
from messaging.lanes.submission import connected, submit_all
from messaging.lanes.wording import Wording
from messaging.limiter import Reservation
from messaging.models import Message, Sender
from messaging.operations.breaker import note_canaries_left

log = logging.getLogger(__name__)
BATCH = 250
WRITE_WITHIN_SECONDS = limiter.HORIZON_SECONDS


@dataclass(frozen=True)
class TurnDone:
    """`claimed` rows were looked at, `left` texts were handed to the provider."""

    claimed: int
    left: int


def take_turn(sender: Sender, *, marketing: bool, at: datetime) -> TurnDone:
    """One turn for campaigns, or for the texts that people wait for.

    Raises before anything is claimed: `UnknownProvider`, `LimiterUnavailable`.
    """
    carrier = connected(sender.provider)
    due = claims.parts_due(sender, marketing=marketing, limit=BATCH, at=at)
    if not due:
        return TurnDone(0, 0)
    reservation = limiter.reserve(sender, min(due, BATCH))
    reserved_at = time.monotonic()
    claimed, texts, permitted_at, full = _decide(sender, reservation, marketing, at)
    _settle_rate(sender, reservation, texts)
    if texts:
        ended = submit_all(
            texts,
            carrier=carrier,
            sender=sender,
            starts_at=lambda parts_before: reserved_at + reservation.starts_after(parts_before),
            not_after=permitted_at + WRITE_WITHIN_SECONDS,
        )
        results.record_surely(ended)
        _learn_opt_outs(ended)
    note_canaries_left(campaign_ids=full, at=at)
    return TurnDone(claimed, len(texts))


def _settle_rate(sender: Sender, reservation: Reservation, texts: list[Permitted]) -> None:
    """Give back what will not be used, charge what is more. The texts are permitted already:
    a failure here only costs rate."""
    try:
        limiter.settle(sender, reservation, used=sum(text.parts for text in texts))
    except limiter.LimiterUnavailable:
        log.warning("lane %s: its reservation could not be settled", sender.pk)


@transaction.atomic
def _decide(
    sender: Sender, reservation: Reservation, marketing: bool, at: datetime
) -> tuple[int, list[Permitted], float, list[int]]:
    batch = claims.claim(sender, marketing=marketing, limit=reservation.parts, at=at)
    batch = _within(batch, reservation)
    wording = Wording.of(batch)
    permitted_at = time.monotonic()
    decisions = permits.decide(batch, wording, at)
    texts = permits.write(decisions, at)
    return len(batch), texts, permitted_at, wording.full_canaries()


def _within(batch: list[claims.Claimed], reservation: Reservation) -> list[claims.Claimed]:
    """As many as fit into what was reserved. One alone may be longer, or it would never leave:
    what it costs beyond is charged."""
    fitting: list[claims.Claimed] = []
    parts = 0
    for message in batch:
        parts += message.parts
        if fitting and parts > reservation.parts:
            break
        fitting.append(message)
    return fitting


def _learn_opt_outs(ended: list[results.Result]) -> None:
    """The carrier knows of a STOP that never reached us: it counts as much."""
    ids = [result.id for result in ended if result.opted_out]
    # Who was erased meanwhile has no number left to be silent, and their ledger is closed.
    here = Message.objects.filter(pk__in=ids, subscriber__erased_at=None)
    for message in here.select_related("subscriber__subject_key"):
        stop_all_texts(
            subscriber=message.subscriber,
            source=SuppressionSource.CARRIER,
            proof={"provider_code": message.error_code},
            at=timezone.now(),
        )
