"""Turns are as long as a STOP may wait for them."""

from __future__ import annotations

import pytest

from messaging.lanes.turn import BATCH, FEWEST, LONGEST_TURN_SECONDS, Lane


@pytest.mark.parametrize(
    ("seconds_each", "size"),
    [(LONGEST_TURN_SECONDS / 200, 200), (1.0, FEWEST), (0.00001, BATCH)],
)
def test_a_lane_finds_the_size_that_fits(seconds_each: float, size: int) -> None:
    lane = Lane(1, marketing=True)
    for _ in range(12):
        lane.note_decided(lane.batch, lane.batch * seconds_each)
    assert abs(lane.batch - size) <= 2


def test_a_few_texts_say_nothing() -> None:
    lane = Lane(1, marketing=True)
    lane.note_decided(1, 5.0)
    assert lane.batch == BATCH
