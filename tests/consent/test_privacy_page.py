from __future__ import annotations

import pytest

from consent.models import NoticeVersion, Purpose
from tests import cast

pytestmark = pytest.mark.django_db

PUBLIC_PAGES = ["/", "/signup/news/", "/done/", "/preferences/", "/privacy/", "/receipts/check/"]
TOKEN_PAGES = [
    "/confirm/" + "a" * 22 + "/",
    "/preferences/code/" + "a" * 22 + "/",
    "/p/" + "a" * 22 + "/",
]


def test_it_is_made_from_the_purposes(client):
    cast.news()
    Purpose.objects.filter(code="news").update(
        retention_days=123, consent_valid_days=456, recipients="Example Telecom"
    )
    cast.signup_form()
    page = client.get("/privacy/").content.decode()
    for words in ("At most 4 texts in 30 days", "123 days", "456 days", "Example Telecom"):
        assert words in page


def test_a_purpose_nobody_is_asked_about_is_left_out(client):
    cast.signup_form()
    Purpose.objects.create(code="idle", name="Idle purpose", controller="Nobody")
    assert "Idle purpose" not in client.get("/privacy/").content.decode()


NEVER = "never shared with third parties or affiliates for their marketing"


def privacy_page(client) -> str:
    return " ".join(client.get("/privacy/").content.decode().split())


def test_it_says_that_nothing_is_shared_for_marketing_where_that_is_so(client):
    assert NEVER in privacy_page(client)
    cast.signup_form()
    assert NEVER in privacy_page(client)


def test_it_does_not_claim_to_share_nothing_where_others_get_the_data(client):
    cast.news()
    Purpose.objects.filter(code="news").update(recipients="DataBroker Inc")
    cast.signup_form()
    page = privacy_page(client)
    assert (NEVER in page, "never sold" in page, "DataBroker Inc" in page) == (False, True, True)


def test_it_says_so_where_people_are_asked_about_sharing(client):
    cast.offers()
    Purpose.objects.filter(code="offers").update(kind="sharing", recipients="DataBroker Inc")
    cast.signup_form()
    page = privacy_page(client)
    assert (NEVER in page, "never sold" in page) == (False, False)
    assert "we pass your number on to others" in page
    assert "Whom we pass your number on to, if you said yes: DataBroker Inc" in page


@pytest.mark.parametrize(
    ("kind", "ground"),
    [
        ("marketing", "Your consent to these texts, which"),
        ("service", "about what you have with us"),
        ("sharing", "Your consent to this sharing and nothing else"),
    ],
)
def test_the_ground_follows_from_the_kind_of_the_purpose(client, kind, ground):
    for purpose in (cast.news(), cast.offers()):
        Purpose.objects.filter(pk=purpose.pk).update(kind=kind)
    cast.signup_form()
    assert privacy_page(client).count(ground) == 2


@pytest.mark.parametrize("address", [*PUBLIC_PAGES, *TOKEN_PAGES, "/nothing/"])
def test_every_public_page_leads_to_it_and_to_ones_own_page(client, address):
    cast.signup_form()
    page = client.get(address).content.decode()
    assert 'href="/privacy/"' in page
    assert 'href="/preferences/"' in page
    assert cast.ORGANIZATION in page


@pytest.mark.parametrize("address", [*PUBLIC_PAGES, *TOKEN_PAGES])
def test_no_public_page_has_scripts_or_inline_styles(client, address):
    cast.signup_form()
    page = client.get(address).content.decode()
    assert "<script" not in page
    assert "style=" not in page


@pytest.mark.parametrize("address", TOKEN_PAGES)
def test_pages_with_a_token_are_not_for_search_engines(client, address):
    assert '<meta name="robots" content="noindex">' in client.get(address).content.decode()


def test_published_words_can_be_read_by_everybody(client):
    version = cast.notice_version()
    page = client.get(f"/notices/{version.pk}/").content.decode()
    for words in version.elements.values():
        assert words in page
    assert "Yes, text me about opening hours and events" in page


def test_drafts_are_not_found(client):
    notice = cast.notice_version().notice
    draft = NoticeVersion.objects.create(notice=notice, language="en", number=2)
    assert client.get(f"/notices/{draft.pk}/").status_code == 404


def test_the_first_page_lists_the_forms_that_are_open(client):
    form = cast.signup_form()
    assert 'href="/signup/news/"' in client.get("/").content.decode()
    form.published_at = None
    form.save()
    assert "/signup/news/" not in client.get("/").content.decode()
