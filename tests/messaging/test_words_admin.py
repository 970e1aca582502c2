from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Campaign
from messaging.operations.campaigns import submit_campaign
from subscribers.models import Attribute
from tests import cast
from tests.messaging.test_campaign_admin import page_of, read, written

pytestmark = pytest.mark.django_db
CURLY = "Open late on Friday – “bring a friend”. " * 2


@pytest.fixture
def author() -> Client:
    client = Client()
    client.force_login(cast.author())
    return client


@pytest.fixture
def first_name() -> Attribute:
    return Attribute.objects.create(
        code="first_name", label="First name", kind="text", reason="to greet you"
    )


def replace(client: Client, campaign: Campaign, shown: str | None = None) -> str:
    if shown is None:
        shown = client.get(page_of(campaign)).context["summary"].shown
    address = reverse("admin:messaging_campaign_replacements", args=[campaign.pk, "en"])
    answer = client.post(address, {"shown": shown}, follow=True)
    return html.unescape(answer.content.decode())


def test_the_page_lists_the_placeholders_that_exist(author, first_name) -> None:
    page = read(author, reverse("admin:messaging_campaign_add"))
    assert "Placeholders: {first_name|…} (First name)." in page


def test_a_fault_keeps_what_was_typed_and_names_language_and_place(author, first_name) -> None:
    body = "Hello {frist_name|friend}"
    page = author.post(
        reverse("admin:messaging_campaign_add"), written(**{"texts-0-body": body})
    ).content.decode()
    page = html.unescape(page)
    assert "English: Line 1, character 7: “frist_name” is not a declared attribute." in page
    assert "There are: first_name." in page
    assert f"{body}</textarea>" in page
    assert not Campaign.objects.exists()


def test_a_line_break_is_one_character(author) -> None:
    author.post(
        reverse("admin:messaging_campaign_add"), written(**{"texts-0-body": "One.\r\nTwo."})
    )
    assert Campaign.objects.get().texts.get().body == "One.\nTwo."


def test_the_page_shows_the_fallbacks_the_longest_answers_and_the_range(author, first_name) -> None:
    cast.alice()
    page = read(author, page_of(cast.draft("Hello {first_name|friend}. " + "a" * 60)))
    assert "Harbor Street Library: Hello friend. aaa" in page
    assert "Harbor Street Library: Hello Małgorzata Małgorzata Małgorzata Małgorz. aaa" in page
    assert "1 to 3 parts, depending on the person" in page
    assert "short alphabet (GSM-7)" in page


def test_the_page_names_the_characters_that_make_it_long(author) -> None:
    page = read(author, page_of(cast.draft("Garçon – hello")))
    assert "ç (latin small letter c with cedilla), – (en dash)" in page
    assert "Replace them" not in page


def test_faults_that_came_in_otherwise_are_shown(author) -> None:
    page = read(author, page_of(cast.draft("Hello {first_name}")))
    assert "Line 1, character 7: “first_name” has no words" in page
    assert "Every placeholder is one we know and has a fallback." in page


def test_one_button_applies_what_was_shown(author) -> None:
    campaign = cast.draft(CURLY)
    page = read(author, page_of(campaign))
    assert "Other characters would save 1 part" in page
    assert '“ (left double quotation mark) → "' in page
    assert campaign.texts.get().body == CURLY
    assert "The characters are replaced." in replace(author, campaign)
    assert '"bring a friend"' in campaign.texts.get().body
    assert "Replace them" not in read(author, page_of(campaign))


def test_what_changed_meanwhile_is_not_replaced_unseen(author) -> None:
    campaign = cast.draft(CURLY)
    shown = author.get(page_of(campaign)).context["summary"].shown
    campaign.texts.update(body=f"{CURLY} It’s new.")
    assert "It changed while you were looking." in replace(author, campaign, shown)
    assert "’" in campaign.texts.get().body


def test_nothing_is_replaced_by_a_link_or_after_submission(author) -> None:
    cast.alice()
    campaign = cast.draft(CURLY)
    address = reverse("admin:messaging_campaign_replacements", args=[campaign.pk, "en"])
    assert author.get(address).status_code == 405
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    page = read(author, page_of(campaign))
    assert "Replace them" not in page
    assert "The campaign is now: waiting for approval." in replace(author, campaign)
    assert "“" in campaign.texts.get().body


def test_whoever_may_only_look_is_not_offered_it() -> None:
    viewer = Client()
    viewer.force_login(cast.staff("viewer", "Viewer"))
    campaign = cast.draft(CURLY)
    assert "Replace them" not in read(viewer, page_of(campaign))
    assert "Your role does not include this." in replace(viewer, campaign)
