from __future__ import annotations

import pytest

from messaging.models import Campaign, CampaignStatus, Message
from messaging.operations import audience
from messaging.operations.audience import cut_audience
from messaging.watching import traffic
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY


@pytest.fixture
def campaign() -> Campaign:
    return waiting()


def waiting() -> Campaign:
    """Alice and dora wait for its text."""
    for person in (cast.alice, cast.dora):
        person()
    Message.objects.filter(campaign=None).update(state="cancelled")
    started = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=started.pk, at=AT)
    return started


def lane(at=AT) -> traffic.LaneTraffic:
    campaigns, _system = traffic.lanes(at=at)
    return campaigns


def test_what_is_due_and_what_comes_next_are_told_apart(campaign: Campaign):
    assert (lane().due, lane().oldest_at, lane().next_at) == (2, AT, None)
    before = lane(AT - cast.MINUTE)
    assert (before.due, before.oldest_at, before.next_at) == (0, None, AT)


@pytest.mark.parametrize(
    "changes", [{"status": CampaignStatus.PAUSED}, {"canary_left_at": AT}], ids=str
)
def test_a_campaign_that_stands_still_has_nothing_due(campaign: Campaign, changes):
    Campaign.objects.update(**changes)
    assert (lane().due, lane().oldest_at) == (0, None)
    assert lane(AT - cast.MINUTE).next_at is None


def test_a_count_that_did_not_reach_the_end_says_so(monkeypatch):
    monkeypatch.setattr(audience, "CHUNK", 1)
    started = waiting()
    assert (lane().due, lane().is_more) == (2, False)
    monkeypatch.setattr(traffic, "CHUNKS", 1)
    assert (lane().due, lane().is_more) == (1, True)
    Campaign.objects.filter(pk=started.pk).update(status=CampaignStatus.PAUSED)
    assert (lane().due, lane().is_more) == (0, False)


def test_who_is_put_off_within_a_chunk_comes_next(campaign: Campaign):
    late = campaign.messages.first()
    campaign.messages.filter(pk=late.pk).update(send_after=AT + cast.HOUR)
    assert (lane().due, lane().next_at) == (1, AT + cast.HOUR)


def test_texts_of_no_campaign_are_a_lane_of_their_own():
    cast.bob()
    campaigns, system = traffic.lanes(at=AT)
    assert (campaigns.due, system.due, system.marketing) == (0, 1, False)
    assert system.oldest_at == cast.NOON
