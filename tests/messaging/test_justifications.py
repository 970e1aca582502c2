from __future__ import annotations

import html
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from consent.models import Purpose, PurposeKind
from messaging.approvals import approval_holds, content_hash
from messaging.models import Campaign, CampaignStatus, Sender
from messaging.operations.campaigns import (
    UnableToSubmit,
    approve_campaign,
    draft_facts,
    start_campaign,
    submit_campaign,
)
from tests import cast

pytestmark = pytest.mark.django_db

AT = cast.NOON
LOUD = "LAST CHANCE to see the harbor film, see films.example"
REASON = "It is the last showing of the year, and the cinema's own page."
REASONS = dict.fromkeys(("foreign_link", "shouting", "misleading_urgency"), REASON)


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(campaign: Campaign) -> str:
    return reverse("admin:messaging_campaign_change", args=[campaign.pk])


def written(campaign: Campaign, body: str = LOUD, **more: str) -> dict[str, object]:
    text = campaign.texts.get()
    return {
        "name": campaign.name, "purpose": campaign.purpose_id, "segment": "",
        "subscriber_list": campaign.subscriber_list_id, "sender": campaign.sender_id,
        "useful_hours": "24", "weight": 1, "texts-TOTAL_FORMS": "1", "texts-INITIAL_FORMS": "1",
        "texts-0-id": text.pk, "texts-0-campaign": campaign.pk, "texts-0-language": "en",
        "texts-0-body": body, **more,
    }  # fmt: skip


@pytest.fixture
def campaign() -> Campaign:
    cast.alice()
    return cast.draft(LOUD)


def test_a_rule_that_asks_stops_the_draft_until_its_author_says_why(campaign):
    with pytest.raises(UnableToSubmit) as refused:
        submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    assert len(refused.value.problems) == 2
    assert all("or say why" in problem for problem in refused.value.problems)
    campaign.justifications = REASONS
    campaign.save()
    submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    campaign.refresh_from_db()
    # Nothing was asked about shouting: the two words in capitals are a small part of the text.
    assert set(campaign.justifications) == {"foreign_link", "misleading_urgency"}


def test_the_approval_covers_the_reasons(campaign):
    campaign.justifications = REASONS
    campaign.save()
    submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    approve_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    campaign.refresh_from_db()
    assert approval_holds(campaign)
    before = content_hash(campaign)
    campaign.justifications = {**campaign.justifications, "foreign_link": "Another reason."}
    assert content_hash(campaign) != before
    assert not approval_holds(campaign)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        campaign.save()


def test_the_page_asks_keeps_what_was_typed_and_submits(campaign):
    author = client_of(cast.author())
    page = html.unescape(author.get(page_of(campaign)).content.decode())
    assert "“films.example” (en)" in page
    assert 'name="reason_foreign_link"' in page
    assert 'name="reason_shouting"' not in page
    answer = author.post(page_of(campaign), written(campaign, reason_foreign_link="ok"))
    assert "at least 10 characters" in answer.content.decode()
    assert ">\nok</textarea>" in answer.content.decode()
    typed = {f"reason_{code}": REASON for code in ("foreign_link", "misleading_urgency")}
    author.post(page_of(campaign), written(campaign, _submit="1", **typed))
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.SUBMITTED
    step = reverse("admin:messaging_campaign_step", args=[campaign.pk, "approve"])
    seen = html.unescape(client_of(cast.approver()).get(step).content.decode())
    assert seen.count(REASON) == 2


def test_what_cannot_be_submitted_yet_is_saved_all_the_same(campaign):
    author = client_of(cast.author())
    data = written(campaign, "LAST CHANCE, no link.", _submit="1")
    page = html.unescape(author.post(page_of(campaign), data, follow=True).content.decode())
    assert "Change it, or say why: No text presses the reader" in page
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.DRAFT
    assert campaign.texts.get().body == "LAST CHANCE, no link."


def test_the_facts_are_those_of_the_audience_and_the_sender(campaign, settings):
    settings.PUBLIC_URL, settings.LINK_DOMAINS = "https://Texts.example/x", ["films.example"]
    cast.confirmed("+33612345678")
    facts = draft_facts(campaign, at=AT)
    assert facts.countries == {"GB", "FR"}
    assert facts.own_hosts == {"texts.example", "films.example"}
    assert (facts.audience, facts.is_service, facts.out_of_reach) == (2, False, frozenset())
    campaign.sender.countries = ["GB"]
    assert draft_facts(campaign, at=AT).out_of_reach == {"FR"}


def test_a_service_purpose_sells_nothing(campaign):
    service = Purpose.objects.create(
        code="due", name="Due dates", controller=cast.ORGANIZATION, kind=PurposeKind.SERVICE
    )
    campaign = cast.draft("Your book is due. 20 % off in the shop.", service)
    with pytest.raises(UnableToSubmit, match="sells nothing"):
        submit_campaign(actor=cast.author(), campaign=campaign, at=AT)


def test_the_cost_is_shown_before_anyone_approves(campaign):
    author = client_of(cast.author())
    assert "The sender has no price per part." in author.get(page_of(campaign)).content.decode()
    Sender.objects.update(price_per_part=Decimal("0.045"), currency="EUR")
    page = author.get(page_of(campaign))
    cost = page.context["summary"].cost
    assert (cost.texts, cost.parts, cost.amount) == (1, 1, Decimal("0.045"))
    assert "EUR" in page.content.decode()


@pytest.mark.parametrize(
    ("price", "currency"), [("0.1", ""), (None, "EUR"), ("-1", "EUR"), ("1", "eur")]
)
def test_a_price_without_its_currency_is_refused(price, currency):
    sender = cast.sender()
    with pytest.raises(IntegrityError, match="price_has_a_currency"):
        Sender.objects.filter(pk=sender.pk).update(price_per_part=price, currency=currency)


def test_who_started_it_is_on_record():
    cast.alice()
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    approve_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    starter = cast.staff("starter", "Approver")
    start_campaign(actor=starter, campaign=campaign, at=AT)
    campaign.refresh_from_db()
    assert (campaign.started_by, campaign.canary_size) == (starter, 0)
