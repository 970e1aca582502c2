"""S19: no misleading text: words are judged, a second person answers for them, and what goes out
is what was approved."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.models import Purpose, PurposeKind
from messaging.models import Campaign, CampaignStatus
from messaging.operations.campaigns import (
    UnableToSubmit,
    approve_campaign,
    start_campaign,
    submit_campaign,
)
from subscribers.authorization import NotAuthorized
from tests import cast

PRESSING = "Last chance to see the harbor film on Friday."
REASON = "It really is the last showing: the film goes back to the archive."


def desk_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(client: Client, name: str, *args: object) -> str:
    return html.unescape(client.get(reverse(name, args=args)).content.decode())


def test_a_pressing_text_goes_out_only_with_a_reason_that_a_second_person_read(town):
    town.join(cast.ALICE)
    campaign = cast.draft(PRESSING)
    with pytest.raises(UnableToSubmit, match="No text presses the reader"):
        submit_campaign(actor=cast.author(), campaign=campaign, at=timezone.now())
    page = read(desk_of(cast.author()), "admin:messaging_campaign_change", campaign.pk)
    assert "“last chance” (en)" in page
    Campaign.objects.filter(pk=campaign.pk).update(justifications={"misleading_urgency": REASON})
    submit_campaign(actor=cast.author(), campaign=campaign, at=timezone.now())
    step = read(desk_of(cast.approver()), "admin:messaging_campaign_step", campaign.pk, "approve")
    assert REASON in step
    with pytest.raises(NotAuthorized):
        approve_campaign(actor=cast.author(), campaign=campaign, at=timezone.now())
    approve_campaign(actor=cast.approver(), campaign=campaign, at=timezone.now())
    start_campaign(actor=cast.approver(), campaign=campaign, at=timezone.now())
    town.finished(campaign)
    assert PRESSING in town.phone(cast.ALICE).gets("Last chance")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("See bit.ly/3xYz", "No link hides behind a shared link shortener."),
        ("Your book waits. Summer sale in the shop!", "A service text sells nothing."),
    ],
)
def test_no_reason_excuses_what_would_deceive(body, rule):
    cast.alice()
    service = Purpose.objects.create(
        code="due", name="Due dates", controller=cast.ORGANIZATION, kind=PurposeKind.SERVICE
    )
    campaign = cast.draft(body, service)
    campaign.justifications = {
        "shared_shortener": REASON, "foreign_link": REASON, "offer_in_service_text": REASON,
    }  # fmt: skip
    campaign.save()
    with pytest.raises(UnableToSubmit) as refused:
        submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    assert rule in refused.value.problems
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.DRAFT
