from __future__ import annotations

import pytest
from django.test import override_settings

from messaging import limiter
from messaging.lanes.turn import take_turn
from messaging.limiter import LimiterUnavailable, adjust, reserve
from messaging.models import Message, MessageState
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


def test_unused_parts_are_given_back_and_more_are_charged():
    sender = cast.sender(parts_per_second=1)
    sender.burst = 5
    assert reserve(sender, 5).parts == 5
    adjust(sender, -4)
    assert reserve(sender, 100).parts == 4
    adjust(sender, 30)
    assert reserve(sender, 1).parts == 0


def test_a_text_longer_than_the_reservation_still_leaves_and_is_charged(carrier):
    sender = cast.sender()
    type(sender).objects.update(parts_per_second=1, burst=1)
    sender.refresh_from_db()
    cast.bob()
    Message.objects.update(parts=3)
    assert take_turn(sender, marketing=False, at=cast.NOON).left == 1
    assert reserve(sender, 1).parts == 0


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
