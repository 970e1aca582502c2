"""How a worker works its lanes: turn after turn, while the texts of earlier turns still leave and
are recorded."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

from django.utils import timezone

from messaging.lanes.chunks import due_campaigns
from messaging.lanes.lease import lease
from messaging.lanes.recorder import recorder
from messaging.lanes.turn import Lane, begin_turn
from messaging.lanes.wire import wire
from messaging.limiter import LimiterUnavailable
from messaging.models import Message, MessageState, Sender

log = logging.getLogger(__name__)
# Shutdown is looked at between tasks; pause and freeze in every turn.
STAYS_SECONDS = 5.0
MOST_LANES = 50
# One worker cannot do more with a sender: a faster one may have several at once.
PARTS_PER_LEASE = 2000
MOST_LEASES = 4
LOOKS_EVERY_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 0.05
LOOKS_AGAIN_SECONDS = 0.01
LIMITER_GONE_SECONDS = 1.0
LAST_ANSWERS_SECONDS = 20.0


def lanes_with_work(*, marketing: bool, at: datetime) -> dict[int, int]:
    """The active senders for which a text is due, and how many workers may work at each."""
    if marketing:
        rates = {each.sender_id: each.parts_per_second for each in due_campaigns(at)}
    else:
        due = Message.objects.filter(state=MessageState.QUEUED, campaign=None, send_after__lte=at)
        senders = Sender.objects.filter(is_active=True, pk__in=due.order_by().values("sender"))
        rates = dict(senders.values_list("pk", "parts_per_second"))
    return {pk: min(MOST_LEASES, 1 + int(rate) // PARTS_PER_LEASE) for pk, rate in rates.items()}


def work_lanes(*, marketing: bool, hand_over: Callable[[], object]) -> None:
    """Turns for every lane with work that no other worker has, until nothing is due or time is up.

    `hand_over` is called where a lane has room for one more worker, and where there is more to do
    when time is up, as soon as the lanes are free: whoever comes next need not wait for our last
    answers. A lane that fails does not silence the others. Returns when everything that left is
    recorded.
    """
    work = Work(marketing, hand_over)
    try:
        with work.leases:
            goes_on = work.go_on(until=time.monotonic() + STAYS_SECONDS)
        if goes_on:
            hand_over()
    finally:
        work.end()


class Work:
    """What one worker has under way."""

    def __init__(self, marketing: bool, hand_over: Callable[[], object]) -> None:
        self._marketing = marketing
        self._hand_over = hand_over
        self.leases = ExitStack()
        self._lanes: dict[int, Lane] = {}
        self._wire = wire()
        self._recorder = recorder()
        self._busy: list[Lane] = []
        self._looks_again_at = 0.0

    def go_on(self, *, until: float) -> bool:
        """True when there is more to do at the end."""
        lanes: list[Lane] = []
        while time.monotonic() < until:
            lanes = self._lanes_now()
            if not lanes and self._recorder.is_idle:
                return False
            began = [self._begin_turn(lane) for lane in lanes if lane.ready_at <= time.monotonic()]
            if not any(began):
                self._wire.pause(seconds=self._idle(lanes, until))
        # Whoever comes next finds a little time before the slots of these are over.
        for lane in lanes:
            self._begin_turn(lane)
        return bool(lanes)

    def end(self) -> None:
        """Wait for the last answers. Every provider has its deadline, so they come."""
        give_up = time.monotonic() + LAST_ANSWERS_SECONDS
        while not self._recorder.is_idle and time.monotonic() < give_up:
            self._wire.pause(seconds=LOOKS_AGAIN_SECONDS)

    def _lanes_now(self) -> list[Lane]:
        """The lanes with work that are ours, taking those that nobody has.

        A pause or a new campaign may be seen a tenth of a second late.
        """
        if self._looks_again_at <= time.monotonic():
            self._busy = self._look(timezone.now())
            self._looks_again_at = time.monotonic() + LOOKS_EVERY_SECONDS
        return self._busy

    def _look(self, at: datetime) -> list[Lane]:
        due = lanes_with_work(marketing=self._marketing, at=at)
        for sender_id, most in due.items():
            if sender_id not in self._lanes and len(self._lanes) < MOST_LANES:
                self._take(sender_id, most)
        return [self._lanes[sender_id] for sender_id in due if sender_id in self._lanes]

    def _take(self, sender_id: int, leases: int) -> None:
        for number in range(leases):
            name = lane_name(sender_id, marketing=self._marketing, number=number)
            if self.leases.enter_context(lease(name)):
                self._lanes[sender_id] = Lane(sender_id, self._marketing)
                if number + 1 < leases:
                    self._hand_over()
                return

    def _begin_turn(self, lane: Lane) -> bool:
        """True when something left, or at least was decided."""
        try:
            turn = begin_turn(lane, self._wire, at=timezone.now())
        except LimiterUnavailable:
            # Without a rate nothing leaves: Redis gone means that campaigns wait.
            lane.ready_at = time.monotonic() + LIMITER_GONE_SECONDS
            return False
        except Exception:
            log.exception("lane %s: its turn failed", lane.sender_id)
            lane.ready_at = math.inf
            return False
        if turn.flight is not None:
            self._recorder.expect(len(turn.flight.texts))
            self._wire.launch(turn.flight)
            lane.note_took(time.monotonic() - turn.flight.reserved_at)
        lane.ready_at = time.monotonic() + turn.wait
        if turn.has_nothing_due:
            self._looks_again_at = 0.0
        return turn.claimed > 0

    def _idle(self, lanes: list[Lane], until: float) -> float:
        """How long nothing is to be done but to wait for answers."""
        next_at = min([lane.ready_at for lane in lanes] + [until])
        return min(max(next_at - time.monotonic(), 0.001), LONGEST_PAUSE_SECONDS)


def lane_name(sender_id: int, *, marketing: bool, number: int = 0) -> str:
    return f"lane {sender_id} {'campaigns' if marketing else 'system'} {number}"
