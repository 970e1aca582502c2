"""Every order of events of a small model of sending: what STOP promises, and what keeps it true."""

from __future__ import annotations

import pytest

from tests.messaging.exploration import explore, stuck
from tests.messaging.stop_designs import (
    RIGHT,
    WRONG,
    break_it,
    unhurried,
    with_a_stop_that_runs,
)
from tests.messaging.stop_model import World


@pytest.fixture(scope="module")
def every_order():
    return explore(World(), unhurried(RIGHT))


def test_nothing_is_written_after_the_acknowledgement_and_nothing_twice(every_order):
    assert (every_order.promise, every_order.trace) == ("", [])


def test_it_looks_at_what_matters(every_order):
    """Texts left, STOP was answered, and a text was still leaving when STOP began to wait."""
    worlds = every_order.came_from
    assert any(world.stop.acknowledged and world.texts[0].writes for world in worlds)
    assert any(world.suppressed and world.texts[0].state == "submitting" for world in worlds)
    assert any(all(text.state == "accepted" for text in world.texts) for world in worlds)


def test_stop_can_always_still_be_acknowledged(every_order):
    assert stuck(every_order, lambda world: world.stop.acknowledged) == []


def test_stop_is_acknowledged_in_time_whatever_the_workers_do():
    assert explore(World(), with_a_stop_that_runs(RIGHT)).promise == ""


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_design_is_caught(name):
    found = break_it(WRONG[name])
    assert found.promise == WRONG[name].breaks, found.trace


def test_without_a_timer_a_freeze_between_look_and_write_is_enough():
    name = "no timer kills a worker that is frozen between its look and its write"
    assert break_it(WRONG[name]).trace[5:] == [
        "worker 1 looks at clock",
        "STOP locks person",
        "STOP reads clock",
        "STOP commits",
        "time passes",
        "time passes",
        "time passes",
        "STOP has waited",
        "STOP acknowledges",
        "worker 1 writes",
    ]
