from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from messaging.lanes.shares import Shares

WEIGHTS = st.dictionaries(st.integers(1, 6), st.integers(1, 10), min_size=1)


def sent_over(turns: int, parts: int, weights: dict[int, int], *, size: int = 1) -> Counter[int]:
    """Everybody always has enough to send, in texts of `size` parts. What a turn sends beyond its
    parts, since the last text is long, the next ones have less."""
    shares, sent, room = Shares(), Counter[int](), 0
    for _ in range(turns):
        room += parts
        if room <= 0:
            continue
        for campaign, quota in shares.split(room, weights).items():
            used = -(-quota // size) * size
            shares.charge(campaign, used)
            sent[campaign] += used
            room -= used
    return sent


def test_a_campaign_of_twice_the_weight_gets_twice_as_much():
    assert sent_over(40, 10, {1: 1, 2: 1, 3: 2}) == {1: 100, 2: 100, 3: 200}


def test_one_part_a_turn_goes_round_by_weight():
    assert sent_over(40, 1, {1: 1, 2: 1, 3: 2}) == {1: 10, 2: 10, 3: 20}


@given(weights=WEIGHTS, parts=st.integers(1, 50), size=st.integers(1, 4))
def test_nobody_is_ahead_by_more_than_a_text_and_a_rounding(weights, parts, size):
    sent = sent_over(60, parts, weights, size=size)
    everybody, all_weights = sum(sent.values()), sum(weights.values())
    for campaign, weight in weights.items():
        assert abs(sent[campaign] - everybody * weight / all_weights) <= size * len(weights) + 2


@given(weights=WEIGHTS, parts=st.integers(0, 200))
def test_what_a_turn_has_is_given_out(weights, parts):
    assert sum(Shares().split(parts, weights).values()) == parts


def test_whoever_joins_late_starts_at_once_and_has_saved_nothing():
    shares = Shares()
    for _ in range(100):
        for campaign, quota in shares.split(10, {1: 1}).items():
            shares.charge(campaign, quota)
    assert shares.split(10, {1: 1, 2: 1}) == {1: 5, 2: 5}


def test_whoever_had_nothing_to_send_has_saved_nothing():
    shares = Shares()
    shares.split(10, {1: 1, 2: 1})
    shares.charge(1, 5)
    shares.forget(2)
    assert shares.split(10, {1: 1, 2: 1}) == {1: 5, 2: 5}
