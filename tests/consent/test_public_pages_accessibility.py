from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page

from consent.codes import make_link
from consent.models.confirmations import LinkScope
from consent.operations.sealing import seal
from consent.receipts import receipt_of, receipted
from tests import cast

pytestmark = pytest.mark.browser

TOKEN = "a" * 22
PAGES = [
    "/",
    "/asked/",
    "/done/",
    "/preferences/",
    "/privacy/",
    "/receipts/check/",
    f"/confirm/{TOKEN}/",
    f"/preferences/code/{TOKEN}/",
    f"/p/{TOKEN}/",
    "/there-is-nothing-here/",
]
PHONE = {"width": 390, "height": 844}
SMALLEST_TARGET = 44
# The one rule of WCAG 2.2 AA that axe leaves out unless asked.
EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
TOO_SMALL = """least => [...document.querySelectorAll('button, select, .button, input')]
    .filter(each => !['hidden', 'radio', 'checkbox'].includes(each.type) && each.offsetParent)
    .filter(each => each.getBoundingClientRect().height < least)
    .map(each => each.outerHTML)"""


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=EVERYTHING).response["violations"]
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


def first_form(page: Page, live_url: str) -> str:
    """The address of a form that is open: the first on the first page."""
    page.goto(live_url + "/")
    return live_url + str(page.locator(".door").first.get_attribute("href"))


def check(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(TOO_SMALL, SMALLEST_TARGET) == []


@pytest.mark.parametrize("path", PAGES)
def test_it_can_be_used_by_everybody(page: Page, live_url: str, path: str):
    page.goto(live_url + path)
    check(page)


def test_the_signup_page_can_be_used_by_everybody(page: Page, live_url: str):
    page.goto(first_form(page, live_url))
    check(page)


def test_the_two_more_questions_can_be_used_by_everybody(page: Page, live_url: str):
    cast.young_form()
    page.goto(live_url + "/signup/young/")
    page.get_by_label("I am younger than 16").check()
    page.locator("[name=number]").fill("07700 900123")
    page.locator("main form button").click()
    page.get_by_role("status").get_by_role("link").click()
    assert page.locator("[name=number]").input_value() == "07700 900123"
    check(page)
    page.locator("main form button").click()
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    check(page)


def test_a_receipt_can_be_used_by_everybody(page: Page, live_url: str):
    alice = cast.alice()
    seal(at=cast.NOON)
    now, hour = timezone.now(), cast.HOUR
    token = make_link(LinkScope.PREFERENCES, subscriber=alice, at=now, good_for=hour)
    page.goto(f"{live_url}/p/{token}/")
    page.locator("main form button").click()
    page.locator("dd").get_by_role("link", name="Your receipt").click()
    page.wait_for_selector("text=Download the receipt")
    check(page)


def test_the_answer_about_a_receipt_can_be_used_by_everybody(page: Page, live_url: str):
    alice = cast.alice()
    seal(at=cast.NOON)
    text = receipt_of(receipted(alice).get()).as_json
    for shown, answer in ((text, "Valid"), (text.replace("Yes, text", "No, text"), "Changed")):
        page.goto(live_url + "/receipts/check/")
        page.locator("textarea").fill(shown)
        page.locator("main form button").click()
        page.get_by_role("heading", name=answer, exact=True).wait_for()
        check(page)


def test_its_mistakes_can_be_understood_by_everybody(page: Page, live_url: str):
    page.goto(first_form(page, live_url))
    page.locator("main form button").click()
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.tagName") == "INPUT"
    check(page)


def test_the_first_stop_of_the_keyboard_skips_to_the_content(page: Page, live_url: str):
    page.goto(live_url + "/privacy/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_it_works_at_twice_the_size_of_the_words(page: Page, live_url: str):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(first_form(page, live_url))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
