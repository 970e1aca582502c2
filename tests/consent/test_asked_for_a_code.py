from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from tests import cast
from tests.consent.test_preferences_page import access_code

pytestmark = pytest.mark.django_db

ERASE = "/preferences/erase/"


@pytest.fixture
def alice():
    return cast.confirmed(cast.ALICE, at=timezone.now() - cast.HOUR)


def test_a_look_at_a_page_writes_no_session(client):
    assert client.get(ERASE)["Location"] == "/preferences/"
    assert not Session.objects.exists()


def test_the_code_leads_on_to_where_the_person_was_going(client, alice):
    client.get(ERASE)
    page = client.post("/preferences/", {"number": cast.ALICE})["Location"]
    assert client.post(page, {"code": access_code(alice)})["Location"] == ERASE
    assert client.cookies["next"].value == ""


def test_only_pages_of_ours_that_need_a_code_are_led_to(client, alice):
    client.cookies["next"] = "stop"
    page = client.post("/preferences/", {"number": cast.ALICE})["Location"]
    assert client.post(page, {"code": access_code(alice)})["Location"] == "/preferences/choices/"
