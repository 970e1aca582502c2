"""S7: a privacy notice within reach of every page and text: what, why, how long, who, rights."""

from __future__ import annotations

import pytest

from consent.models import Purpose
from tests import cast
from tests.stories.test_s24_own_page import open_with_link

PUBLIC = ["/", "/signup/news/", "/done/", "/preferences/", "/receipts/check/", "/privacy/"]


@pytest.mark.parametrize("address", PUBLIC)
def test_every_public_page_leads_to_it(town, address):
    assert 'href="/privacy/"' in town.visitor().get(address).html


def test_from_a_text_it_is_two_taps_away(town):
    town.join(cast.ALICE)
    _visitor, page = open_with_link(town, cast.ALICE)
    assert 'href="/privacy/"' in page.html


def test_it_says_what_why_how_long_who_and_what_one_can_do(town, settings):
    settings.COMPLAINT_AUTHORITY = "The Example Authority"
    text = town.visitor().get("/privacy/").text
    for words in (
        "Opening hours and events",
        "At most 4 texts in 30 days",
        "730 days",
        cast.ORGANIZATION,
        "Your consent to these texts, which you can take back at any time",
        "The phone company that carries the text. Nobody else.",
        "Proof of your yes",
        "get a copy of it",
        "Have it erased",
        "Have it corrected",
        "The Example Authority",
        "help@harbor-street.example",
    ):
        assert words in text


@pytest.mark.django_db
def test_it_follows_the_purposes_by_itself(client):
    cast.news()
    Purpose.objects.filter(code="news").update(recipients="Example Post", consent_valid_days=365)
    cast.signup_form()
    page = client.get("/privacy/").content.decode()
    assert "Example Post" in page
    assert "365 days" in page
