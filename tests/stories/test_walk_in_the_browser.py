"""The walk of the README, as a stranger takes it: sign up, confirm, campaign, approval, STOP."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Campaign, CampaignStatus
from tests import cast
from tests.stories.conftest import Town, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(new_page: Callable[[], Page], town: Town) -> Callable[[str], Page]:
    """A signed-in page for each member of staff."""
    cast.author()
    cast.approver()

    def signed_in(name: str) -> Page:
        page = new_page()
        page.goto(f"{town.site}/admin/login/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("only-for-tests")
        page.get_by_role("button", name="Log in").click()
        return page

    return signed_in


def sign_up(page: Page, town: Town, number: str) -> None:
    page.goto(f"{town.site}/signup/news/")
    page.get_by_label("I am 16 or older").check()
    page.get_by_label("Your mobile number").fill(number)
    page.get_by_label("Yes, text me about opening hours and events").check()
    page.get_by_role("button", name="Send me the confirmation text").click()
    expect(page.get_by_role("heading", name="Look at your phone")).to_be_visible()


def reply_on_phone(page: Page, town: Town, number: str, word: str) -> None:
    """On the page of the virtual phones."""
    page.goto(f"{town.site}/admin/handsets/")
    page.get_by_label("Open a phone by its number").fill(number)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("button", name=word, exact=True).click()


def write_campaign(page: Page, town: Town, name: str, words: str) -> None:
    page.goto(f"{town.site}/admin/messaging/campaign/add/")
    page.get_by_label("Name:").fill(name)
    page.get_by_label("Purpose:").select_option("Opening hours and events")
    page.get_by_label("List:").select_option("Readers")
    page.get_by_label("Segment:").select_option("Everyone in Britain")
    page.get_by_label("Sender:").select_option("Library")
    page.locator("[name=texts-0-language]").select_option("en")
    page.locator("[name=texts-0-body]").fill(words)
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Submit for approval").click()


def approve_and_start(page: Page, town: Town, campaign: Campaign) -> None:
    page.goto(f"{town.site}/admin/messaging/campaign/{campaign.pk}/change/")
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("button", name="Approve this text for these people").click()
    page.get_by_role("link", name="Start").click()
    page.get_by_role("button", name="Send to").click()


def make_segment(page: Page, town: Town) -> None:
    page.goto(f"{town.site}/admin/subscribers/segment/add/")
    page.get_by_label("Name").fill("Everyone in Britain")
    page.locator("select[name$=criterion]").first.select_option("country")
    page.get_by_role("checkbox", name=re.compile("United Kingdom")).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/segment/\d+/change/"))
    expect(page.get_by_text("2 of 2 people match")).to_be_visible()


def test_from_the_signup_to_the_text_that_did_not_leave(page, town, desk):
    author, approver = desk("author"), desk("approver")
    sign_up(page, town, "07700 900001")
    town.phone(cast.ALICE).gets("reply YES")
    reply_on_phone(author, town, cast.ALICE, "YES")
    town.phone(cast.ALICE).gets("you are signed up")

    sign_up(page, town, "07700 900006")
    code = re.search(r"\d{6}", town.phone(cast.FRANK).gets("reply YES"))[0]
    page.get_by_label("Code from the text").fill(code)
    page.get_by_role("button", name="Confirm").click()
    expect(page).to_have_url(re.compile("/done/$"))
    town.phone(cast.FRANK).gets("you are signed up")

    make_segment(author, town)
    write_campaign(author, town, "First", "Open late on Friday.")
    first = wait_until(lambda: Campaign.objects.filter(status="submitted").first(), "a campaign")
    author.goto(f"{town.site}/admin/messaging/campaign/{first.pk}/change/")
    expect(author.get_by_role("button", name="Approve")).to_be_disabled()
    approve_and_start(approver, town, first)
    town.finished(first)
    for number in (cast.ALICE, cast.FRANK):
        town.phone(number).gets("Open late on Friday")
    approver.goto(f"{town.site}/admin/messaging/campaign/{first.pk}/change/")
    expect(approver.get_by_text("2 of 2")).to_be_visible()

    reply_on_phone(author, town, cast.ALICE, "STOP")
    town.phone(cast.ALICE).gets("no more texts from us")

    write_campaign(author, town, "Second", "Music on Saturday.")
    second = wait_until(lambda: Campaign.objects.filter(status="submitted").first(), "the second")
    approve_and_start(approver, town, second)
    town.finished(second)
    town.phone(cast.FRANK).gets("Music on Saturday")
    assert not any("Saturday" in text for text in town.phone(cast.ALICE).texts())
    approver.goto(f"{town.site}/admin/messaging/campaign/{second.pk}/change/")
    expect(approver.get_by_text("The number has not told us to stop.")).to_be_visible()
    assert second.status == CampaignStatus.FINISHED
