"""A worker killed in the middle of a campaign: nobody texted twice, everybody accounted for."""

from __future__ import annotations

from collections import Counter

from django.utils import timezone

from messaging.lanes.lease import lease
from messaging.lanes.work import lane_name
from messaging.models import Campaign, Message, MessageState, Sender
from messaging.operations.recovery import recover
from messaging.statistics import progress
from tests import cast
from tests.stories.conftest import wait_until

PEOPLE = [f"+44770090{n:04d}" for n in range(500, 580)]


def test_every_person_gets_one_text_at_most_and_an_outcome(town):
    for number in PEOPLE:
        cast.confirmed(number, at=timezone.now() - cast.DAY)
    Sender.objects.update(parts_per_second=15, burst=1)
    town.carrier.switch(delay_ms=300)
    campaign = cast.started(cast.draft(), timezone.now())

    def reached() -> list[str]:
        return [e["number"] for e in town.carrier.log() if "Friday" in e["text"]]

    for kills in (1, 2, 3):
        wait_until(lambda enough=kills * 12: len(reached()) >= enough, "the campaign to move on")
        town.crew.kill_bulk()
        town.crew.begin()
    town.carrier.switch(delay_ms=0)
    waiting = Message.objects.filter(campaign=campaign, state=MessageState.QUEUED)
    wait_until(lambda: not waiting.exists(), "the new workers to send the rest")
    wait_until(lambda: lane_is_idle(campaign), "the last turn to end")
    recover(at=timezone.now() + 2 * cast.MINUTE)
    delivered = Message.objects.filter(campaign=campaign, state=MessageState.DELIVERED)
    wait_until(lambda: delivered.count() == len(set(reached())), "every receipt to be applied")
    assert [n for n, texts in Counter(reached()).items() if texts > 1] == []
    counted = progress(campaign)
    in_doubt = counted.by_state.get(MessageState.UNKNOWN, 0)
    assert counted.audience == len(PEOPLE) == delivered.count() + in_doubt
    assert in_doubt < len(PEOPLE) / 2


def lane_is_idle(campaign: Campaign) -> bool:
    """Nobody holds the lane: whatever is still `submitting` was left by the dead."""
    with lease(lane_name(campaign.sender_id, marketing=True)) as held:
        return held
