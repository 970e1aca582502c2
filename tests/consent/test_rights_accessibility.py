from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from consent.operations.access import send_access_code
from messaging.models import Message, MessageKind
from messaging.texts import text_of
from tests import cast
from tests.consent.test_public_pages_accessibility import check

pytestmark = pytest.mark.browser


@pytest.fixture
def her(page: Page, live_url: str) -> Page:
    """Her page, opened by a code."""
    cast.confirmed(cast.ALICE, at=timezone.now() - cast.HOUR)
    token = send_access_code(e164=cast.ALICE, client_address="10.1.1.1", at=timezone.now())
    text = text_of(Message.objects.get(kind=MessageKind.ACCESS_CODE))
    page.goto(f"{live_url}/preferences/code/{token}/")
    page.locator("[name=code]").fill(re.search(r"\d{6}", text)[0])
    page.get_by_role("button", name="Open my page").click()
    return page


@pytest.mark.parametrize("name", ["choices", "erase", "erased", "copy", "number", "number/code"])
def test_the_pages_about_rights_can_be_used_by_everybody(her: Page, live_url: str, name: str):
    path = "/preferences/choices/" if name == "choices" else f"/preferences/{name}/"
    her.goto(live_url + path)
    assert her.url == live_url + path
    check(her)
