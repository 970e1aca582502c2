from __future__ import annotations

import pytest
from pytest_django import Settings

from messaging.operations.audience import cut_audience
from messaging.watching import readings as module
from messaging.watching.readings import (
    Reading,
    ReadingsUnavailable,
    is_available,
    note_turn,
    readings,
    totals,
)
from tests import cast
from tests.carrier import RunningCarrier
from tests.turns import take_turn

AT = cast.NOON
SECOND = cast.MINUTE / 60


def note(at, *, marketing: bool = True, left: int = 1) -> None:
    note_turn(sender_id=7, marketing=marketing, asked=5 * left, left=left, parts=2 * left, at=at)


@pytest.fixture
def gone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    monkeypatch.setattr(module, "_redis", module._redis.__wrapped__)


def test_a_lane_that_did_nothing_reads_zero():
    found = readings(sender_ids=[7, 8], at=AT)
    assert found == dict.fromkeys([(7, True), (7, False), (8, True), (8, False)], Reading())
    assert found[7, True].texts_per_second == 0


def test_each_second_of_the_last_whole_minute_has_its_figures():
    for age in (0, 1, 1, 30, 60, 61):
        note(AT + 20 * SECOND - age * SECOND)
    found = readings(sender_ids=[7], at=AT + 20 * SECOND)[7, True]
    assert found.left == (1, *(0,) * 29, 1, *(0,) * 28, 2)
    assert (sum(found.asked), sum(found.parts)) == (20, 8)
    assert found.texts_per_second == pytest.approx(4 / 60)
    assert found.parts_per_second == pytest.approx(8 / 60)


def test_the_lanes_of_a_sender_are_counted_apart():
    note(AT, left=3)
    note(AT, marketing=False)
    found = readings(sender_ids=[7], at=AT + SECOND)
    assert (found[7, True].left[-1], found[7, False].left[-1]) == (3, 1)


def test_the_totals_only_grow():
    note(AT)
    note(AT + cast.DAY, left=4)
    note(AT, marketing=False, left=0)
    assert totals() == {(7, True): {"asked": 25, "left": 5, "parts": 10}}


def test_figures_are_forgotten_after_a_quarter_of_an_hour():
    note(AT)
    [key] = module._redis().keys("*:turns:7:campaigns:*")
    assert 0 < module._redis().ttl(key) <= 15 * 60


def test_noting_never_stops_a_turn(gone: None):
    note(AT)


def test_reading_says_that_nothing_is_known(gone: None):
    assert not is_available()
    with pytest.raises(ReadingsUnavailable):
        readings(sender_ids=[7], at=AT)
    with pytest.raises(ReadingsUnavailable):
        totals()


@pytest.mark.django_db
def test_a_turn_notes_what_left(carrier: RunningCarrier):
    cast.alice()
    at = AT + cast.DAY
    campaign = cast.started(cast.draft(), at)
    cut_audience(campaign_id=campaign.pk, at=at)
    assert take_turn(campaign.sender, marketing=True, at=at).left == 1
    found = readings(sender_ids=[campaign.sender_id], at=at + SECOND)
    assert found[campaign.sender_id, True].left[-1] == 1
    assert found[campaign.sender_id, True].parts[-1] == campaign.messages.get().parts
