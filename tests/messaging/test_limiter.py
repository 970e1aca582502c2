from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from redis import Redis

from messaging import limiter
from messaging.lanes import turn
from messaging.lanes.turn import take_turn
from messaging.limiter import LimiterUnavailable, Reservation, reserve, settle
from messaging.models import Message, MessageState, Sender
from tests import cast

pytestmark = pytest.mark.django_db


def test_a_quiet_sender_may_burst_and_then_keeps_its_pace():
    sender = cast.sender(parts_per_second=10)
    sender.burst = 3
    granted = reserve(sender, 100)
    # Three at once, and what starts within the horizon of 0.8 seconds at 10 a second.
    assert granted.parts == 3 + 8
    starts = [granted.starts_after(n) for n in range(granted.parts)]
    assert starts[:3] == [0, 0, 0]
    assert starts[3] == pytest.approx(0.1, abs=1e-6)
    assert starts[-1] <= limiter.HORIZON_SECONDS + 1e-6


def test_the_next_reservation_begins_where_the_last_ended():
    sender = cast.sender(parts_per_second=10)
    sender.burst = 1
    assert reserve(sender, 2).parts == 2
    assert reserve(sender, 100).first_after == pytest.approx(0.2, abs=0.05)


def hardly_moving(burst: int) -> Sender:
    """At one part in a hundred seconds, time gives nothing back while a test runs."""
    sender = cast.sender()
    Sender.objects.update(parts_per_second="0.01", burst=burst)
    sender.refresh_from_db()
    return sender


def test_unused_parts_are_given_back_and_more_are_charged():
    sender = hardly_moving(burst=5)
    granted = reserve(sender, 5)
    assert granted.parts == 5
    settle(sender, granted, used=1)
    again = reserve(sender, 100)
    assert again.parts == 4
    settle(sender, again, used=5)
    assert reserve(sender, 1).parts == 0


def test_nothing_comes_back_once_another_lane_has_reserved_behind_it():
    sender = hardly_moving(burst=9)
    campaigns = reserve(sender, 5)
    confirmation = reserve(sender, 1)
    settle(sender, campaigns, used=0)
    settle(sender, confirmation, used=1)
    assert reserve(sender, 100).parts == 9 - 5 - 1


def test_a_charge_is_taken_even_behind_another_lane():
    sender = hardly_moving(burst=9)
    first, _second = reserve(sender, 1), reserve(sender, 1)
    settle(sender, first, used=4)
    assert reserve(sender, 100).parts == 9 - 4 - 1


def test_a_limiter_that_lost_its_memory_gives_nothing_back_but_takes_a_charge():
    sender = hardly_moving(burst=5)
    granted = reserve(sender, 5)
    forget(sender)
    settle(sender, granted, used=9)
    assert reserve(sender, 5).parts == 1
    forget(sender)
    settle(sender, granted, used=0)
    assert reserve(sender, 5).parts == 5


def forget(sender: Sender) -> None:
    with Redis.from_url(settings.REDIS_URL) as cache:
        cache.delete(limiter._key(sender))


@dataclass
class Slots:
    """When parts of one sender may start, in microseconds of the server's clock."""

    sender: Sender
    open: list[Reservation] = field(default_factory=list)
    used: list[float] = field(default_factory=list)

    def reserve(self, parts: int) -> None:
        self.open.append(reserve(self.sender, parts))

    def settle(self, which: int, share: float) -> None:
        if self.open:
            granted = self.open.pop(which % len(self.open))
            used = round(granted.parts * share)
            settle(self.sender, granted, used=used)
            self._use(granted, min(used, granted.parts))

    def _use(self, granted: Reservation, parts: int) -> None:
        tolerance = (self.sender.burst - 1) * granted.interval
        reserved_at = float(granted.begins) - (tolerance + granted.first_after) * 1_000_000
        self.used += [reserved_at + granted.starts_after(n) * 1_000_000 for n in range(parts)]

    def most_in_one_second(self) -> int:
        for granted in self.open:
            self._use(granted, granted.parts)
        return max((sum(a <= b < a + 1_000_000 for b in self.used) for a in self.used), default=0)


STEPS = st.lists(
    st.one_of(
        st.integers(1, 12),
        st.tuples(st.integers(0, 3), st.sampled_from([0, 0.3, 0.5, 1, 1.5])),
    ),
    max_size=12,
)


@effort(max_examples=60, deadline=None)
@given(steps=STEPS, rate=st.sampled_from([3, 10, 40]), burst=st.sampled_from([1, 4]))
def test_no_order_of_lanes_gets_more_than_the_rate_and_the_burst(steps, rate, burst):
    sender = Sender(pk=1, parts_per_second=rate, burst=burst)
    forget(sender)
    slots = Slots(sender)
    for step in steps:
        slots.reserve(step) if isinstance(step, int) else slots.settle(*step)
    assert slots.most_in_one_second() <= rate + burst


@effort(max_examples=30, deadline=None)
@given(used=st.lists(st.integers(0, 5), max_size=8))
def test_what_nobody_uses_is_there_for_the_next(used):
    sender = Sender(pk=1, parts_per_second=0.01, burst=40)
    forget(sender)
    for parts in used:
        settle(sender, reserve(sender, 5), used=parts)
    assert reserve(sender, 100).parts == 40 - sum(used)


def test_a_lane_reserves_only_what_is_due(carrier):
    sender = hardly_moving(burst=9)
    cast.bob()
    take_turn(sender, marketing=False, at=cast.NOON)
    assert reserve(sender, 1000).parts == 9 - Message.objects.get().parts


def test_what_does_not_leave_is_given_back_before_the_others_leave(carrier, monkeypatch):
    sender = hardly_moving(burst=9)
    Message.objects.filter(subscriber=cast.bob()).update(lapses_at=cast.NOON)
    frank = cast.asked(cast.FRANK)
    free_at_the_wire = []
    submit_all = turn.submit_all

    def watch(texts, **how):
        free_at_the_wire.append(reserve(sender, 1000).parts)
        return submit_all(texts, **how)

    monkeypatch.setattr(turn, "submit_all", watch)
    take_turn(sender, marketing=False, at=cast.NOON)
    assert free_at_the_wire == [9 - Message.objects.get(subscriber=frank).parts]


def test_a_text_longer_than_the_reservation_still_leaves_alone_and_is_charged(carrier):
    sender = hardly_moving(burst=1)
    cast.bob()
    cast.asked(cast.FRANK)
    Message.objects.update(parts=3)
    assert take_turn(sender, marketing=False, at=cast.NOON).left == 1
    assert reserve(sender, 1).parts == 0


def test_longer_texts_share_what_was_reserved_by_their_parts(carrier):
    sender = hardly_moving(burst=7)
    for number in (cast.ALICE, cast.BOB, cast.FRANK):
        cast.asked(number)
    Message.objects.update(parts=3)
    assert take_turn(sender, marketing=False, at=cast.NOON).left == 2
    # The rows said the most that they may take; what they really took is two each.
    assert reserve(sender, 100).parts == 7 - 2 - 2


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_without_redis_nothing_is_reserved_and_nothing_leaves(carrier):
    cast.bob()
    limiter._redis.cache_clear()
    try:
        with pytest.raises(LimiterUnavailable):
            take_turn(cast.sender(), marketing=False, at=cast.NOON)
    finally:
        limiter._redis.cache_clear()
    assert carrier.log() == []
    assert Message.objects.get().state == MessageState.QUEUED
