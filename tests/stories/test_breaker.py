"""A campaign that goes wrong stops after its first texts, and goes on only when someone else
looked. The carrier's own log says what left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from messaging.models import Campaign, CampaignStatus, Message, MessageState
from messaging.operations.campaigns import restart_campaign
from subscribers.authorization import NotAuthorized
from tests import cast
from tests.stories.conftest import wait_until

PEOPLE = [f"+447700900{n}" for n in range(200, 310)]
CANARY = 20
S = MessageState


def sent(town) -> list[str]:
    return [entry["number"] for entry in town.carrier.log() if "Friday" in entry["text"]]


def status(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.status


def all_receipts_are_in() -> bool:
    return not Message.objects.filter(state__in=[S.SUBMITTING, S.ACCEPTED]).exists()


@pytest.fixture
def campaign(town, settings) -> Iterator[Campaign]:
    """For enough people that a canary goes first."""
    settings.CONFIRMATIONS_PER_FORM_PER_HOUR = settings.CONFIRMATIONS_PER_HOUR = 1000
    for number in PEOPLE:
        cast.confirmed(number, at=timezone.now() - cast.DAY)
    yield cast.draft()
    wait_until(all_receipts_are_in, "the last receipts")


def test_a_canary_that_does_not_arrive_stops_the_rest(town, campaign):
    town.carrier.switch(receipts="undelivered")
    cast.started(campaign, timezone.now())
    wait_until(lambda: status(campaign) == CampaignStatus.PAUSED, "the breaker")
    assert campaign.is_tripped
    assert campaign.trip_reason[0]["code"] == "failure"
    assert len(sent(town)) == campaign.canary_size == CANARY

    with pytest.raises(NotAuthorized):
        restart_campaign(actor=cast.approver(), campaign=campaign, at=timezone.now())
    assert len(sent(town)) == CANARY

    town.carrier.switch(receipts="delivered")
    second = cast.staff("second", "Approver")
    restart_campaign(actor=second, campaign=campaign, at=timezone.now())
    town.finished(campaign)
    assert sorted(sent(town)) == PEOPLE


def test_the_rest_follows_a_canary_that_does_well(town, campaign):
    cast.started(campaign, timezone.now())
    wait_until(lambda: len(sent(town)) >= CANARY, "the canary")
    wait_until(lambda: status(campaign) and campaign.canary_left_at, "the canary to be full")
    town.finished(campaign)
    assert campaign.canary_passed_at is not None
    assert sorted(sent(town)) == PEOPLE
