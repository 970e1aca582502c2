"""The first texts go alone; figures, trips and restarts are in test_tripping.py."""

from __future__ import annotations

import math

import pytest

from messaging.breaker import LARGEST_CANARY, MOST_FOR_CANARY, canary_size
from messaging.lanes.work import lanes_with_work
from messaging.models import Campaign, CampaignStatus, Message, MessageState
from messaging.operations import breaker
from messaging.operations.audience import cut_audience
from messaging.operations.breaker import watch_campaign, watch_campaigns
from messaging.rules import Objection, SendFacts
from messaging.rules.campaign import CanaryPassed
from tests import cast
from tests.turns import take_turn

pytestmark = pytest.mark.django_db

AT = cast.NOON + cast.DAY
PEOPLE = [f"+4477009005{n:02d}" for n in range(6)]
S = MessageState


@pytest.fixture
def campaign(carrier, settings) -> Campaign:
    """Started for six people; two texts go first."""
    settings.CANARY_WATCH_SECONDS, settings.CANARY_SHORTEST_WATCH_SECONDS = 600, 120
    for number in PEOPLE:
        cast.confirmed(number)
    campaign = cast.started(cast.draft(), AT)
    assert campaign.canary_size == 0, "too few people for one"
    Campaign.objects.filter(pk=campaign.pk).update(canary_size=2)
    cut_audience(campaign_id=campaign.pk, at=AT)
    return campaign


def turn(at=AT) -> int:
    return take_turn(cast.sender(), marketing=True, at=at).left


def looked_at(campaign: Campaign, at) -> Campaign:
    watch_campaign(campaign_id=campaign.pk, at=at)
    campaign.refresh_from_db()
    return campaign


def settle(campaign: Campaign, state: MessageState = S.DELIVERED) -> None:
    Message.objects.filter(campaign=campaign, state=S.ACCEPTED).update(state=state, settled_at=AT)


def test_the_rule_lets_the_rest_wait_and_never_withholds_it():
    assert CanaryPassed().check(SendFacts(at=AT)) is None
    waits = Objection("canary_watched", AT)
    assert CanaryPassed().check(SendFacts(at=AT, canary_waits=True)) == waits


def test_beyond_some_thousand_people_the_canary_grows_no_more():
    sizes = [canary_size(people) for people in (MOST_FOR_CANARY - 1, MOST_FOR_CANARY, 5_000_000)]
    assert sizes == [LARGEST_CANARY] * 3
    assert canary_size(MOST_FOR_CANARY // 2) == LARGEST_CANARY // 2


def test_only_the_first_texts_leave_even_where_one_turn_could_take_all(campaign, carrier):
    assert turn() == 2
    assert len(carrier.log()) == 2
    waiting = Message.objects.filter(campaign=campaign, state=S.QUEUED)
    assert {(m.send_after, len(m.objections)) for m in waiting} == {(AT, 0)}
    campaign.refresh_from_db()
    assert campaign.canary_left_at == AT


def test_while_it_is_watched_its_lane_has_no_work(campaign):
    turn()
    later = AT + cast.HOUR
    assert lanes_with_work(marketing=True, at=later) == {}
    assert take_turn(cast.sender(), marketing=True, at=later).claimed == 0


def test_the_rest_follows_when_all_receipts_are_in_but_not_at_once(campaign, carrier):
    turn()
    settle(campaign)
    assert looked_at(campaign, AT + cast.MINUTE).canary_passed_at is None
    assert looked_at(campaign, AT + 2 * cast.MINUTE).canary_passed_at is not None
    assert turn(AT + 2 * cast.MINUTE) == 4
    assert len(carrier.log()) == 6


def test_without_receipts_it_is_watched_for_the_whole_time(campaign):
    turn()
    assert looked_at(campaign, AT + 9 * cast.MINUTE).canary_passed_at is None
    assert looked_at(campaign, AT + 10 * cast.MINUTE).canary_passed_at is not None


def test_texts_that_were_put_back_are_still_the_first_ones(campaign, carrier):
    carrier.switch(failure="throttle")
    turn()
    assert looked_at(campaign, AT + cast.HOUR).canary_left_at is None
    assert campaign.canary_passed_at is None
    carrier.switch(failure="none")
    Message.objects.filter(campaign=campaign).update(send_after=AT)
    assert turn(AT + cast.HOUR) == 2


def test_a_paused_campaign_is_not_judged(campaign):
    turn()
    Campaign.objects.filter(pk=campaign.pk).update(status=CampaignStatus.PAUSED)
    watch_campaigns(at=AT + cast.HOUR)
    campaign.refresh_from_db()
    assert campaign.canary_passed_at is None


def test_a_campaign_without_a_canary_goes_at_once(campaign, carrier):
    Campaign.objects.filter(pk=campaign.pk).update(canary_size=0)
    assert turn() == 6


@pytest.mark.parametrize(("quick", "looks"), [(math.inf, 2), (-1.0, 1)])
def test_a_look_that_takes_long_is_not_taken_again_at_once(campaign, monkeypatch, quick, looks):
    """With a million texts that left, looking would take what sending needs."""
    looked = []
    monkeypatch.setattr(breaker, "QUICK_SECONDS", quick)
    monkeypatch.setattr(breaker, "RESTS", 10**12)
    monkeypatch.setattr(breaker, "watch_campaign", lambda *, campaign_id, at: looked.append(at))
    moments = [AT, AT + cast.MINUTE]
    for at in moments:
        watch_campaigns(at=at)
    assert looked == moments[:looks]
