from __future__ import annotations

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from messaging import limiter
from messaging.limiter import LEAD_SECONDS, LimiterUnavailable, Load, Pace, SharedRates
from messaging.models import Message, MessageState, RateLimit, Sender
from tests import cast
from tests.turns import take_turn

pytestmark = pytest.mark.django_db
ONE = Load(1)


def pace(rate: float, *, burst: int = 1) -> SharedRates:
    sender = cast.sender(parts_per_second=rate)
    sender.burst = burst
    return SharedRates.of(sender)


def hardly_moving(burst: int) -> Sender:
    """At one part in a hundred seconds, time gives nothing back while a test runs."""
    sender = cast.sender()
    Sender.objects.update(parts_per_second="0.01", burst=burst)
    sender.refresh_from_db()
    return sender


def left(sender: Sender) -> int:
    return SharedRates.of(sender).room().parts


def test_a_quiet_sender_may_burst_and_then_keeps_its_pace():
    starts = pace(10, burst=3).reserve([ONE] * 20)
    # Three at once, and what starts within the horizon of 0.8 seconds at 10 a second.
    assert starts[:3] == [pytest.approx(LEAD_SECONDS)] * 3
    assert starts[3:10] == [pytest.approx(LEAD_SECONDS + 0.1 * n, abs=1e-5) for n in range(1, 8)]
    assert starts[10:] == [None] * 10


def test_of_a_burst_so_much_is_kept_as_texts_may_leave_late():
    starts = pace(1000, burst=100).reserve([ONE] * 100)
    at_once = 100 - round(1000 * limiter.LATE_SECONDS)
    assert starts[at_once - 1 : at_once + 1] == [
        pytest.approx(LEAD_SECONDS),
        pytest.approx(LEAD_SECONDS + 0.001),
    ]


def test_the_next_reservation_begins_where_the_last_ended():
    rates = pace(10)
    rates.reserve([ONE] * 2)
    assert rates.reserve([ONE]) == [pytest.approx(LEAD_SECONDS + 0.2, abs=0.05)]


def test_who_finds_no_room_is_told_when_there_will_be_some():
    rates = pace(0.1)
    assert rates.room() == (1, 0.0)
    rates.reserve([ONE])
    parts, wait = rates.room()
    assert parts == 0
    assert wait == pytest.approx(10 - limiter.HORIZON_SECONDS, abs=0.2)


def test_a_long_text_waits_until_all_its_parts_fit_and_nobody_overtakes_it():
    sender = hardly_moving(burst=7)
    starts = SharedRates.of(sender).reserve([Load(3), Load(3), Load(3), Load(1)])
    assert [start is not None for start in starts] == [True, True, False, False]
    assert left(sender) == 1


def test_a_text_longer_than_any_burst_leaves_alone_and_is_charged():
    sender = hardly_moving(burst=1)
    starts = SharedRates.of(sender).reserve([Load(3), Load(1)])
    assert [start is not None for start in starts] == [True, False]
    assert SharedRates.of(sender).room().wait > 250


def test_the_account_counts_for_all_its_senders():
    RateLimit.objects.create(provider="simulator", parts_per_second="0.01", burst=3)
    first = cast.sender()
    second = Sender.objects.create(
        name="Second", provider="simulator", address="222", parts_per_second=100, burst=100
    )
    SharedRates.of(first).reserve([ONE, ONE])
    assert left(second) == 1
    starts = SharedRates.of(second).reserve([ONE, ONE])
    assert [start is not None for start in starts] == [True, False]


def test_a_country_without_room_does_not_hold_up_the_others():
    RateLimit.objects.create(provider="simulator", country="FR", parts_per_second="0.01", burst=1)
    starts = pace(1000, burst=100).reserve(
        [Load(1, "FR"), Load(1, "FR"), Load(1, "GB"), Load(1, "")]
    )
    assert [start is not None for start in starts] == [True, False, True, True]


TEXTS = st.lists(
    st.lists(st.builds(Load, st.integers(1, 4), st.sampled_from(["", "FR"])), max_size=12),
    max_size=8,
)


@effort(max_examples=60, deadline=None)
@given(turns=TEXTS, rate=st.sampled_from([3, 10, 40]), burst=st.sampled_from([4, 9]))
def test_no_order_of_turns_gets_more_than_the_rate_and_the_burst(turns, rate, burst):
    key = Pace(f"{limiter.settings.KEY_PREFIX}:rate:any", 1_000_000 / rate, burst)
    limiter._redis().delete(key.key)
    rates = SharedRates((key,), {})
    leaving = []
    for texts in turns:
        seconds, microseconds = limiter._redis().time()
        begins = seconds + microseconds / 1_000_000
        for text, start in zip(texts, rates.reserve(texts), strict=True):
            if start is not None:
                leaving.append((begins + start, text.parts))
    for since, _parts in leaving:
        within = sum(parts for at, parts in leaving if since <= at < since + 0.95)
        assert within <= rate + burst


def test_a_turn_reserves_only_what_leaves(carrier):
    sender = hardly_moving(burst=9)
    Message.objects.filter(subscriber=cast.bob()).update(lapses_at=cast.NOON)
    frank = cast.asked(cast.FRANK)
    take_turn(sender, marketing=False, at=cast.NOON)
    assert left(sender) == 9 - Message.objects.get(subscriber=frank).parts


def test_without_room_for_it_a_text_stays_queued_as_it_was(carrier):
    sender = hardly_moving(burst=2)
    for number in (cast.BOB, cast.FRANK):
        cast.asked(number)
    assert take_turn(sender, marketing=False, at=cast.NOON).left == 1
    waiting = Message.objects.get(state=MessageState.QUEUED)
    assert (waiting.attempts_made, waiting.objections) == (0, [])


@pytest.fixture
def _no_redis():
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        limiter._redis.cache_clear()
        yield
    limiter._redis.cache_clear()


@pytest.mark.usefixtures("_no_redis")
def test_without_redis_no_campaign_leaves(carrier):
    with pytest.raises(LimiterUnavailable):
        take_turn(cast.sender(), marketing=True, at=cast.NOON)


@pytest.mark.usefixtures("_no_redis")
def test_without_redis_confirmations_leave_at_a_tenth_of_the_rate(carrier):
    sender = hardly_moving(burst=1)
    for number in (cast.BOB, cast.FRANK):
        cast.asked(number)
    lefts = [take_turn(sender, marketing=False, at=cast.NOON).left for _ in range(3)]
    assert lefts == [1, 0, 0]
    assert len(carrier.log()) == 1
