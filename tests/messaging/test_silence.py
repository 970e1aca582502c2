from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from messaging import silence
from messaging.models import Message, MessageKind, MessageState
from messaging.silence import (
    LONGEST_PAUSE_SECONDS,
    LOOK_AFTER_SECONDS,
    OUTLASTS_SECONDS,
    await_silence,
)
from tests import cast

pytestmark = pytest.mark.django_db

S = MessageState
LOCKED_AT = 1000.0


@dataclass
class Clock:
    """Moves only when somebody sleeps; `after` each sleep the world goes on."""

    now: float = LOCKED_AT
    after: Callable[[int], object] = lambda sleeps: None
    sleeps: int = 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.sleeps += 1
        self.after(self.sleeps)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(silence, "time", clock)
    return clock


@pytest.fixture
def leaving():
    """The welcome to alice, handed to the provider just now."""
    message = Message.objects.get(subscriber=cast.alice(), kind=MessageKind.WELCOME)
    to_state(message, S.SUBMITTING)
    return message


def to_state(message, state):
    Message.objects.filter(pk=message.pk).update(state=state, permitted_at=cast.NOON)


def test_it_waits_until_the_text_has_left(clock, leaving):
    clock.after = lambda sleeps: sleeps == 10 and to_state(leaving, S.ACCEPTED)
    waited = await_silence(leaving.subscriber_id, locked_at=LOCKED_AT)
    assert waited == pytest.approx(clock.now - LOCKED_AT)
    assert clock.sleeps == 10


def test_it_looks_again_soon_and_later_more_seldom(clock, leaving):
    clock.after = lambda sleeps: pauses.append(clock.now)
    pauses = [LOCKED_AT]
    await_silence(leaving.subscriber_id, locked_at=LOCKED_AT)
    lengths = [later - before for before, later in itertools.pairwise(pauses)]
    assert lengths[0] == pytest.approx(LOOK_AFTER_SECONDS)
    assert lengths[-1] == pytest.approx(LONGEST_PAUSE_SECONDS)
    assert len(lengths) < 50


def test_it_waits_for_one_that_was_put_back(clock, leaving):
    clock.after = lambda sleeps: sleeps == 3 and to_state(leaving, S.QUEUED)
    assert await_silence(leaving.subscriber_id, locked_at=LOCKED_AT) < OUTLASTS_SECONDS


def test_it_waits_for_one_that_somebody_with_a_wrong_clock_gave_up(clock, leaving):
    clock.after = lambda sleeps: sleeps == 3 and to_state(leaving, S.UNKNOWN)
    assert await_silence(leaving.subscriber_id, locked_at=LOCKED_AT) >= OUTLASTS_SECONDS


def test_it_never_waits_much_longer_than_a_permission_is_good_for(clock, leaving):
    waited = await_silence(leaving.subscriber_id, locked_at=LOCKED_AT)
    assert OUTLASTS_SECONDS <= waited <= OUTLASTS_SECONDS + LONGEST_PAUSE_SECONDS
    assert pytest.approx(1.05) == OUTLASTS_SECONDS


def test_the_second_counts_from_the_lock_not_from_the_commit(clock, leaving):
    clock.now = LOCKED_AT + 1.0
    await_silence(leaving.subscriber_id, locked_at=LOCKED_AT)
    assert clock.now <= LOCKED_AT + OUTLASTS_SECONDS + LONGEST_PAUSE_SECONDS
    assert clock.sleeps > 0


def test_nothing_leaving_is_nothing_to_wait_for(clock):
    assert await_silence(cast.alice().pk, locked_at=LOCKED_AT) == 0


def test_a_text_to_somebody_else_is_not_waited_for(clock, leaving):
    assert await_silence(cast.bob().pk, locked_at=LOCKED_AT) == 0


@pytest.mark.parametrize("kind", [MessageKind.STOP_ANSWER, MessageKind.HELP_ANSWER])
def test_nor_is_the_answer_to_their_own_text(clock, leaving, kind):
    Message.objects.filter(pk=leaving.pk).update(kind=kind)
    assert await_silence(leaving.subscriber_id, locked_at=LOCKED_AT) == 0
