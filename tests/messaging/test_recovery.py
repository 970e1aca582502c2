from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from messaging.models import Campaign, CampaignStatus, Message, MessageState
from messaging.operations.audience import cut_audience
from messaging.operations.recovery import recover
from tests import cast

pytestmark = pytest.mark.django_db

AT = cast.NOON + cast.DAY
SECOND = cast.MINUTE / 60


@pytest.fixture
def message():
    """A campaign's text that a worker permitted at AT and never said more about."""
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    Message.objects.filter(campaign=campaign).update(
        state=MessageState.SUBMITTING, permitted_at=AT, attempts_made=1
    )
    return Message.objects.get(campaign=campaign)


def test_within_the_deadline_it_may_still_be_on_its_way(message):
    recover(at=AT + 39 * SECOND)
    message.refresh_from_db()
    assert message.state == MessageState.SUBMITTING


def test_after_it_the_text_is_in_doubt_and_never_goes_back(message):
    recover(at=AT + 41 * SECOND)
    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN
    assert message.attempts.get().detail == "worker_lost"
    with (
        pytest.raises(DatabaseError, match="cannot go from unknown to queued"),
        transaction.atomic(),
    ):
        Message.objects.filter(pk=message.pk).update(state=MessageState.QUEUED)


def test_after_three_days_the_doubt_is_final_and_the_campaign_over(message):
    recover(at=AT + 41 * SECOND)
    recover(at=AT + 73 * cast.HOUR)
    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN_FINAL
    assert Campaign.objects.get().status == CampaignStatus.FINISHED


def test_what_nobody_sent_in_time_lapses():
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    recover(at=AT + 23 * cast.HOUR)
    assert Message.objects.get(campaign=campaign).state == MessageState.QUEUED
    recover(at=AT + 24 * cast.HOUR)
    assert Message.objects.get(campaign=campaign).state == MessageState.LAPSED
