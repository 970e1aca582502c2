from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from messaging.approvals import approval_holds
from messaging.models import Campaign, CampaignStatus, CampaignText, Message, MessageState
from messaging.operations.audience import cut_audience
from messaging.operations.campaigns import (
    UnableToMove,
    UnableToSubmit,
    approve_campaign,
    cancel_campaign,
    note_author,
    pause_campaign,
    resume_campaign,
    return_to_draft,
    start_campaign,
    submit_campaign,
)
from messaging.operations.recovery import recover
from messaging.statistics import progress
from subscribers.authorization import NotAuthorized
from tests import cast

pytestmark = pytest.mark.django_db

AT = cast.NOON + cast.DAY


def approved() -> Campaign:
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    approve_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    campaign.refresh_from_db()
    return campaign


def test_a_draft_that_is_not_ready_names_everything_that_is_missing():
    campaign = cast.draft()
    campaign.texts.all().delete()
    cast.sender().__class__.objects.update(is_active=False)
    with pytest.raises(UnableToSubmit) as refused:
        submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    assert refused.value.problems == [
        "The campaign has a text.",
        "The sender is in use and has a provider.",
        "At least one person is meant.",
    ]
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.DRAFT


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: CampaignText.objects.filter(campaign=c).update(body="Something else"),
        lambda c: CampaignText.objects.create(campaign=c, language="fr", body="Autre chose"),
        lambda c: CampaignText.objects.filter(campaign=c).delete(),
        lambda c: Campaign.objects.filter(pk=c.pk).update(purpose=cast.offers()),
        lambda c: Campaign.objects.filter(pk=c.pk).update(useful_hours=99),
        lambda c: Campaign.objects.filter(pk=c.pk).update(fit_for_minors=True),
        lambda c: Campaign.objects.filter(pk=c.pk).update(segment_rule={"all": []}),
    ],
)
def test_the_database_refuses_an_edit_after_approval(edit):
    cast.alice()
    campaign = approved()
    with pytest.raises(DatabaseError, match=r"not a draft|Cannot update"), transaction.atomic():
        edit(campaign)


def test_sending_it_back_to_draft_voids_the_approval():
    cast.alice()
    campaign = approved()
    assert approval_holds(campaign)
    return_to_draft(actor=cast.author(), campaign=campaign, at=AT)
    campaign.texts.update(body="Something else.")
    campaign.refresh_from_db()
    assert not approval_holds(campaign)
    with pytest.raises(UnableToMove):
        start_campaign(actor=cast.approver(), campaign=campaign, at=AT)


def test_the_database_refuses_an_approval_by_the_author():
    cast.alice()
    campaign = approved()
    for words, author_ids in (("nobody_approves", campaign.author_ids), ("approved_by_a", [])):
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            Campaign.objects.filter(pk=campaign.pk).update(
                approved_by=campaign.created_by, author_ids=author_ids
            )


def test_whoever_changed_the_words_cannot_approve_them_either():
    cast.alice()
    campaign = cast.draft()
    boss = cast.staff("boss", "Administrator")
    note_author(actor=boss, campaign=campaign, at=AT)
    submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    with pytest.raises(NotAuthorized, match="their own work"):
        approve_campaign(actor=boss, campaign=campaign, at=AT)


def test_a_controller_cannot_be_renamed_once_its_words_are_published():
    cast.alice()
    approved()
    with pytest.raises(DatabaseError, match=r"purpose|Cannot update"), transaction.atomic():
        type(cast.news()).objects.update(controller="WIN 500")


def test_an_editor_cannot_approve_or_start():
    cast.alice()
    campaign = cast.draft()
    other = cast.staff("other", "Editor")
    submit_campaign(actor=other, campaign=campaign, at=AT)
    with pytest.raises(NotAuthorized):
        approve_campaign(actor=other, campaign=campaign, at=AT)
    approve_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    with pytest.raises(NotAuthorized):
        start_campaign(actor=other, campaign=campaign, at=AT)


def test_a_second_press_of_the_same_button_is_told_so():
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    with pytest.raises(UnableToMove, match="running"):
        start_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    pause_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    with pytest.raises(UnableToMove, match="paused"):
        pause_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    resume_campaign(actor=cast.approver(), campaign=campaign, at=AT)


def test_cancelling_leaves_a_row_for_everyone():
    cast.alice(), cast.carol()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    cancel_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    recover(at=AT)
    counted = progress(campaign)
    assert counted.by_state == {MessageState.CANCELLED: 1, MessageState.WITHHELD: 1}
    assert counted.audience == 2


def test_cutting_twice_writes_nobody_twice():
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    Campaign.objects.filter(pk=campaign.pk).update(audience_cut_at=None)
    cut_audience(campaign_id=campaign.pk, at=AT)
    assert Message.objects.filter(campaign=campaign).count() == 1
