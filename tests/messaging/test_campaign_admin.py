from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Campaign, CampaignStatus, CampaignText, SendingFreeze
from messaging.operations.audience import cut_audience
from messaging.operations.campaigns import approve_campaign, return_to_draft, submit_campaign
from subscribers.models import Segment
from tests import cast

pytestmark = pytest.mark.django_db
S = CampaignStatus


@pytest.fixture
def author() -> Client:
    client = Client()
    client.force_login(cast.author())
    return client


@pytest.fixture
def approver() -> Client:
    client = Client()
    client.force_login(cast.approver())
    return client


def page_of(campaign: Campaign) -> str:
    return reverse("admin:messaging_campaign_change", args=[campaign.pk])


def step_of(campaign: Campaign, verb: str) -> str:
    return reverse("admin:messaging_campaign_step", args=[campaign.pk, verb])


def read(client: Client, address: str) -> str:
    return html.unescape(client.get(address).content.decode())


def decide(client: Client, campaign: Campaign, verb: str) -> str:
    """Open the step's page, look, and press its button; returns the page that follows."""
    page = client.get(step_of(campaign, verb))
    shown = page.context["summary"].shown
    answer = client.post(step_of(campaign, verb), {"shown": shown}, follow=True)
    campaign.refresh_from_db()
    return html.unescape(answer.content.decode())


def written(**changes: str) -> dict[str, object]:
    return {
        "name": "Friday",
        "purpose": cast.news().pk,
        "subscriber_list": cast.everyone().pk,
        "segment": "",
        "sender": cast.sender().pk,
        "useful_hours": "24",
        "weight": 1,
        "texts-TOTAL_FORMS": "1",
        "texts-INITIAL_FORMS": "0",
        "texts-0-language": "en",
        "texts-0-body": "Open late on Friday.",
        **changes,
    }


def test_an_author_writes_a_draft(author: Client) -> None:
    response = author.post(reverse("admin:messaging_campaign_add"), written())
    campaign = Campaign.objects.get()
    assert response["Location"] == page_of(campaign)
    assert (campaign.created_by, campaign.status) == (cast.author(), S.DRAFT)
    assert campaign.texts.get().body == "Open late on Friday."


def test_a_campaign_without_purpose_or_text_is_not_saved(author: Client) -> None:
    page = author.post(
        reverse("admin:messaging_campaign_add"), written(**{"purpose": "", "texts-0-body": ""})
    )
    assert page.content.decode().count("This field is required.") == 2
    assert not Campaign.objects.exists()


def test_the_page_shows_the_text_as_it_leaves(author: Client) -> None:
    cast.alice()
    page = read(author, page_of(cast.draft()))
    assert "Harbor Street Library: Open late on Friday. Reply STOP to end." in page
    assert "1 part" in page
    assert "About <strong>1</strong> person would get it now" in page


def test_it_walks_from_draft_to_running(author: Client, approver: Client) -> None:
    cast.alice()
    campaign = cast.draft()
    author.post(step_of(campaign, "submit"))
    campaign.refresh_from_db()
    assert campaign.status == S.SUBMITTED
    decide(approver, campaign, "approve")
    assert campaign.status == S.APPROVED
    assert "Send to 1 person" in read(approver, step_of(campaign, "start"))
    decide(approver, campaign, "start")
    assert campaign.status == S.RUNNING
    for verb, status in (("pause", S.PAUSED), ("resume", S.RUNNING)):
        approver.post(step_of(campaign, verb))
        campaign.refresh_from_db()
        assert campaign.status == status
    decide(approver, campaign, "cancel")
    assert campaign.status == S.CANCELLED


def test_the_author_sees_why_they_cannot_approve(author: Client) -> None:
    cast.alice()
    both = cast.author()
    both.groups.add(cast.approver().groups.get())
    campaign = cast.draft()
    submit_campaign(actor=both, campaign=campaign, at=cast.NOON)
    page = read(author, page_of(campaign))
    assert "Nobody approves their own work." in page
    assert 'disabled aria-describedby="why-approve"' in page
    assert "Nobody approves their own work." in decide(author, campaign, "approve")
    assert campaign.status == S.SUBMITTED


def test_what_changed_meanwhile_is_not_approved_unseen(approver: Client) -> None:
    cast.alice()
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    shown = approver.get(step_of(campaign, "approve")).context["summary"].shown
    return_to_draft(actor=cast.author(), campaign=campaign, at=cast.NOON)
    CampaignText.objects.filter(campaign=campaign).update(body="Something else.")
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    page = approver.post(step_of(campaign, "approve"), {"shown": shown}, follow=True)
    assert "It changed while you were looking." in page.content.decode()
    campaign.refresh_from_db()
    assert campaign.status == S.SUBMITTED


def test_what_is_missing_is_listed(author: Client) -> None:
    campaign = cast.draft()
    campaign.texts.all().delete()
    assert "The campaign has a text." in read(author, page_of(campaign))
    page = author.post(step_of(campaign, "submit"), follow=True)
    assert "The campaign has a text." in html.unescape(page.content.decode())


def test_a_submitted_campaign_is_not_edited(author: Client) -> None:
    cast.alice()
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    page = author.post(page_of(campaign), written(name="Another"), follow=True)
    assert "It is no longer a draft." in page.content.decode()
    campaign.refresh_from_db()
    assert campaign.name == "Friday"


@pytest.mark.parametrize("verb", ["approve", "start", "cancel"])
def test_great_steps_show_everything_first(author: Client, verb: str) -> None:
    cast.alice()
    campaign = cast.draft()
    page = read(author, step_of(campaign, verb))
    assert "Harbor Street Library: Open late on Friday." in page
    assert "Your role does not include this." in page
    author.post(step_of(campaign, verb), follow=True)
    campaign.refresh_from_db()
    assert campaign.status == S.DRAFT


@pytest.mark.parametrize("verb", ["submit", "return", "pause", "resume"])
def test_steps_are_never_taken_by_a_link(author: Client, verb: str) -> None:
    assert author.get(step_of(cast.draft(), verb)).status_code == 405


def test_unknown_steps_do_not_exist(author: Client) -> None:
    assert author.post(step_of(cast.draft(), "send-now")).status_code == 404


def test_a_step_out_of_turn_is_refused_in_words(approver: Client) -> None:
    page = approver.post(step_of(cast.draft(), "pause"), follow=True)
    assert "The campaign is now: draft." in page.content.decode()


def test_progress_links_to_the_people_behind_each_number(approver: Client) -> None:
    cast.alice()
    cast.carol()
    campaign = cast.started(cast.draft(), cast.NOON)
    cut_audience(campaign_id=campaign.pk, at=cast.NOON)
    fragment = read(approver, reverse("admin:messaging_campaign_progress", args=[campaign.pk]))
    assert "<html" not in fragment
    assert "Refresh" in fragment
    context = approver.get(page_of(campaign)).context
    for line in (*context["states"], *context["objections"]):
        rows = approver.get(line.address)
        assert rows.context["cl"].result_count == line.count
        assert "770090000" not in rows.content.decode()


def test_an_author_cannot_freeze(author: Client) -> None:
    address = reverse("admin:messaging_sendingfreeze_freeze")
    page = author.post(address, {"reason": "x"}, follow=True).content.decode()
    assert "Your role does not include this." in page
    assert not SendingFreeze.objects.exists()


def test_the_first_page_counts_what_is_there(approver: Client) -> None:
    cast.alice()
    cast.bob()
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    today = approver.get(reverse("admin:index")).context["today"]
    assert (today.people, today.waiting, today.drafts) == (2, [campaign], 0)
    assert [purpose.agreed for purpose in today.purposes if purpose.code == "news"] == [1]


def test_a_segment_that_broke_is_said_and_never_a_crash(author: Client, approver: Client) -> None:
    cast.alice()
    campaign = cast.draft()
    campaign.segment_id = _broken_segment()
    campaign.save()
    assert "The segment needs repair" in read(author, page_of(campaign))
    page = author.post(step_of(campaign, "submit"), follow=True)
    assert page.status_code == 200
    campaign.refresh_from_db()
    assert campaign.status == S.DRAFT


def _broken_segment() -> int:
    rule = {"criterion": "attribute", "field": "gone", "operator": "known"}
    return Segment.objects.create(name="Broken", rule=rule).pk


def test_approving_in_the_operation_is_what_counts() -> None:
    cast.alice()
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    approve_campaign(actor=cast.approver(), campaign=campaign, at=cast.NOON)
    campaign.refresh_from_db()
    assert campaign.approved_by == cast.approver()
