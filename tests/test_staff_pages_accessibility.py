from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from governance.models import StaffUser
from messaging.operations.audience import cut_audience
from tests import cast
from tests.consent.test_public_pages_accessibility import PHONE, violations

pytestmark = pytest.mark.browser
LISTS = [
    "messaging_campaign", "messaging_message", "messaging_sender", "subscribers_subscriber",
    "subscribers_accessrecord", "consent_hold", "consent_noticeversion",
]  # fmt: skip


@pytest.fixture
def boss(page: Page, live_url: str) -> Page:
    """A browser in which a superuser is signed in."""
    client = Client()
    client.force_login(StaffUser.objects.create(username="boss", is_staff=True, is_superuser=True))
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_url}
    page.context.add_cookies([cookie])
    return page


def check(page: Page) -> None:
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_can_be_used_by_everybody(boss: Page, live_url: str, name: str):
    cast.alice()
    cast.draft()
    boss.goto(live_url + reverse(f"admin:{name}_changelist"))
    check(boss)


@pytest.mark.parametrize("part", ["messaging", "subscribers", "consent", "auth"])
def test_a_part_of_the_menu_can_be_used_by_everybody(boss: Page, live_url: str, part: str):
    boss.goto(live_url + reverse("admin:app_list", args=[part]))
    check(boss)


def test_what_leaves_now_can_be_read_by_everybody(boss: Page, live_url: str):
    for person in (cast.alice, cast.dora, cast.frank):
        person()
    campaign = cast.started(cast.draft(), cast.NOON + cast.DAY)
    cut_audience(campaign_id=campaign.pk, at=cast.NOON + cast.DAY)
    boss.goto(live_url + reverse("admin:messaging_sender_now"))
    boss.get_by_role("heading", name="Friday").wait_for()
    check(boss)
    assert boss.get_by_role("img").count() >= 3


def test_a_phone_has_a_menu_without_scripts(boss: Page, live_url: str):
    boss.set_viewport_size(PHONE)
    boss.goto(live_url + reverse("admin:index"))
    boss.get_by_text("Menu", exact=True).click()
    boss.get_by_role("navigation", name="All pages").get_by_role("link", name="Segments").click()
    boss.get_by_role("heading", name="Segments").wait_for()


def test_what_is_written_is_not_lost_by_the_button_that_publishes(boss: Page, live_url: str):
    old = cast.notice_version()
    boss.goto(live_url + reverse("admin:consent_noticeversion_change", args=[old.pk]))
    boss.get_by_role("button", name="New version from this one").click()
    boss.get_by_label("How to stop").fill("Reply STOP whenever you like.")
    boss.get_by_role("button", name="Save, and look at what would be published").click()
    boss.get_by_text("Reply STOP whenever you like.").wait_for()
    check(boss)
