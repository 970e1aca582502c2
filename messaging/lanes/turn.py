"""One turn of a lane, in this order and no other.

1. Look how much rate there is. 2. In one transaction: claim due texts, lock their people, load the
facts in a new statement, ask the gate, reserve the rate of what may go, read the clock, write the
answers. 3. Write each text at its start time, but none later than the permission is good for.
4. Record. No lock is held while anything is on the wire.

The clock is read before the permit is written, and whoever says STOP gets the person's lock only
after that: so waiting a little over one second after getting it outlasts every permission, and no
two machines' clocks are ever compared.
"""

from __future__ import annotations

import functools
import logging
import time
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from consent.models import SuppressionSource
from consent.operations.withdrawal import stop_all_texts
from messaging import limiter
from messaging.fallback import SlowRates
from messaging.lanes import chunks, claims, permits, results
from messaging.lanes.daily import daily_room, lock_daily_room, note_daily_use
from messaging.lanes.permits import Permitted
from messaging.lanes.shares import Shares
from messaging.lanes.submission import Flight, connected
from messaging.lanes.wire import Wire
from messaging.lanes.wording import REMEMBERED, Wording
from messaging.limiter import LimiterUnavailable, Load, Rates, Room, SharedRates
from messaging.models import Message, Sender
from messaging.operations.breaker import note_canaries_left
from messaging.providers.base import Provider
from messaging.statements import be_brief, rows, version, versions
from messaging.watching.readings import note_turn

log = logging.getLogger(__name__)
BATCH = 500
# A STOP may have to wait for the turn that holds its person, and for the texts of the last one:
# where turns take longer than this, there are fewer texts in them.
LONGEST_TURN_SECONDS = 0.06
FEWEST = 60
WRITE_WITHIN_SECONDS = limiter.HORIZON_SECONDS
KILLED_AFTER_SECONDS = 1.0
# Who has room for so many turns is not held back by the rate.
PLENTY = 2
# A turn has its costs: while the wire is busy, none is taken for fewer texts than this share of the
# connections. It is not waited for either: the next ones are decided while the last ones leave.
ENOUGH = 0.4
# How long before the last text of a turn leaves the next turn begins, beside what it needs itself.
AHEAD_SECONDS = 0.25
# A sender and the limits it shares, as far as they may have changed.
SENDER = f"""
    SELECT concat_ws(' ', {version("s")},
        {versions("messaging_ratelimit", "y.provider = s.provider")}) AS version
    FROM messaging_sender s WHERE s.id = %(sender)s
"""
SOON_SECONDS = 0.003
# Every look costs a query; what leaves meanwhile is more than half of what can.
BUSY_SECONDS = 0.01
NOTHING_MOVED_SECONDS = 0.25


@dataclass
class Lane:
    """The work of one sender: its campaigns, or the texts that people wait for.

    `ready_at` (`time.monotonic()`) is when its next turn may do something, `lead` how many seconds
    its turns need from the reservation to the wire, `batch` how many texts they decide about.
    """

    sender_id: int
    marketing: bool
    shares: Shares = field(default_factory=Shares)
    ready_at: float = 0.0
    lead: float = limiter.LEAD_SECONDS
    batch: int = BATCH

    def note_took(self, seconds: float) -> None:
        """One of its turns needed so long: quick to learn from a slow one, slow to forget it."""
        longer = max(1.5 * seconds, 0.95 * self.lead, limiter.LEAD_SECONDS)
        self.lead = min(longer, limiter.LONGEST_LEAD_SECONDS)

    def note_decided(self, texts: int, seconds: float) -> None:
        """So many texts took it so long; a few say nothing about many."""
        if texts >= FEWEST // 2:
            fitting = int(texts * LONGEST_TURN_SECONDS / seconds)
            self.batch = max(FEWEST, min(BATCH, (self.batch + fitting) // 2))


@dataclass(frozen=True)
class Turn:
    """`claimed` rows were looked at, `flight` may leave, the next turn makes sense in `wait`
    seconds."""

    claimed: int = 0
    flight: Flight | None = None
    wait: float = 0.0
    has_nothing_due: bool = False


@dataclass
class Decided:
    """What the transaction came to: rows `claimed`, of `asked` parts. The times are of
    `time.monotonic()`."""

    claimed: int
    asked: int
    moved: bool
    texts: list[Permitted]
    reserved_at: float
    permitted_at: float
    full_canaries: list[int]


def begin_turn(lane: Lane, wire: Wire, *, at: datetime) -> Turn:
    """Everything up to the wire. Raises `UnknownProvider`, `OutOfPlace`, `LimiterUnavailable`."""
    sender, shared = _sender(lane.sender_id)
    carrier = connected(sender.provider)
    shared = replace(shared, lead=lane.lead)
    rates, room = _rates(sender, shared, lane, wire.late(sender.pk), at)
    if room.parts <= 0:
        return Turn(wait=max(room.wait, SOON_SECONDS))
    free = wire.room(carrier)
    if free < min(room.parts, ENOUGH * carrier.connections) and not wire.is_empty:
        return Turn(wait=BUSY_SECONDS)
    parts = min(room.parts, free, lane.batch)
    began = time.monotonic()
    decided = decide(lane, sender, rates, parts, at)
    lane.note_decided(decided.claimed, time.monotonic() - began)
    note_canaries_left(campaign_ids=decided.full_canaries, at=at)
    note_turn(
        sender_id=sender.pk,
        marketing=lane.marketing,
        asked=decided.asked,
        left=len(decided.texts),
        parts=sum(text.parts for text in decided.texts),
        at=at,
    )
    return _turn(decided, sender, carrier, ahead=lane.lead + AHEAD_SECONDS)


def _turn(decided: Decided, sender: Sender, carrier: Provider, *, ahead: float) -> Turn:
    if not decided.texts:
        wait = 0.0 if decided.moved else NOTHING_MOVED_SECONDS
        return Turn(decided.claimed, wait=wait, has_nothing_due=not decided.claimed)
    flight = Flight(
        carrier=carrier,
        sender_id=sender.pk,
        sender_address=sender.address,
        receipts_address=f"{settings.RECEIPTS_URL}/providers/{sender.provider}/receipts/",
        texts=decided.texts,
        reserved_at=decided.reserved_at,
        not_after=decided.permitted_at + WRITE_WITHIN_SECONDS,
        killed_at=decided.permitted_at + KILLED_AFTER_SECONDS,
    )
    return Turn(decided.claimed, flight, wait=flight.last_start - ahead - time.monotonic())


def _sender(sender_id: int) -> tuple[Sender, SharedRates]:
    found = rows(SENDER, {"sender": sender_id})
    return _as_of(sender_id, found[0]["version"] if found else "")


@functools.lru_cache(maxsize=REMEMBERED)
def _as_of(sender_id: int, version: str) -> tuple[Sender, SharedRates]:
    sender = Sender.objects.get(pk=sender_id)
    return sender, SharedRates.of(sender)


def _rates(
    sender: Sender, shared: SharedRates, lane: Lane, late: deque[Load], at: datetime
) -> tuple[Rates, Room]:
    """Campaigns wait while the limiter is away; what people wait for goes on slowly."""
    rates: Rates = shared
    try:
        room = shared.room()
        has_plenty = not shared.by_country and room.parts >= PLENTY * lane.batch
        if has_plenty:
            # Faster than we are: no slots to crowd into, and a STOP would wait for the lead as
            # well. What a country has room for, nobody looked at.
            rates = replace(shared, lead=0.0)
        if late:
            _pay_for(late, rates)
            room = room if has_plenty else shared.room()
    except LimiterUnavailable:
        if lane.marketing:
            raise
        rates = SlowRates(sender)
        room = rates.room()
    if lane.marketing and room.parts < BATCH:
        # What people wait for goes first.
        waiting = claims.system_parts_due(sender, limit=BATCH, at=at)
        room = room._replace(parts=room.parts - waiting)
    return rates, _within_day(room, sender, at)


def _pay_for(late: deque[Load], rates: Rates) -> None:
    """Each took a slot that was not its own, while its own passed unused: so it needs another.

    They are paid for together: where the rate is no limit, all are late.
    """
    parts: Counter[str] = Counter()
    for _ in range(len(late)):
        load = late.popleft()
        parts[load.country] += load.parts
    owed = [Load(total, country) for country, total in parts.items()]
    late.extend(
        load for load, start in zip(owed, rates.reserve(owed), strict=True) if start is None
    )


def _within_day(room: Room, sender: Sender, at: datetime) -> Room:
    left = daily_room(sender, at)
    if left is None:
        return room
    wait = room.wait if left else (sender.day_ends_at(at) - at).total_seconds()
    return Room(min(room.parts, left), wait)


@transaction.atomic
def decide(lane: Lane, sender: Sender, rates: Rates, parts: int, at: datetime) -> Decided:
    """Claim about so many parts and write the gate's answers."""
    be_brief()
    batch = (
        claims.claim_campaign_texts(sender, shares=lane.shares, parts=parts, at=at)
        if lane.marketing
        else claims.claim_system_texts(sender, parts=parts, at=at)
    )
    wording = Wording.of(batch.messages)
    decisions = permits.decide(batch.messages, wording, at)
    decisions.reserve(rates, most=lock_daily_room(sender, at))
    reserved_at = permitted_at = time.monotonic()
    texts = permits.write(decisions, at)
    note_daily_use(sender, sum(text.parts for text in texts), at)
    chunks.put_off(batch.chunks)
    _charge(lane.shares, texts, batch)
    return Decided(
        claimed=len(batch.messages),
        asked=sum(message.parts for message in batch.messages),
        moved=bool(texts or decisions.ended or decisions.later),
        texts=texts,
        reserved_at=reserved_at,
        permitted_at=permitted_at,
        full_canaries=wording.full_canaries(),
    )


def _charge(shares: Shares, texts: list[Permitted], batch: claims.Batch) -> None:
    for text in texts:
        if text.campaign_id is not None:
            shares.charge(text.campaign_id, text.parts)
    for campaign_id in batch.dry:
        shares.forget(campaign_id)


def end_turns(ended: list[results.Result]) -> None:
    """Record how texts ended, of whichever turns they were."""
    results.record_surely(ended)
    _learn_opt_outs(ended)


def _learn_opt_outs(ended: list[results.Result]) -> None:
    """The carrier knows of a STOP that never reached us: it counts as much."""
    ids = [result.id for result in ended if result.opted_out]
    if not ids:
        return
    # Who was erased meanwhile has no number left to be silent, and their ledger is closed.
    here = Message.objects.filter(pk__in=ids, subscriber__erased_at=None)
    for message in here.select_related("subscriber__subject_key"):
        stop_all_texts(
            subscriber=message.subscriber,
            source=SuppressionSource.CARRIER,
            proof={"provider_code": message.error_code},
            at=timezone.now(),
        )
