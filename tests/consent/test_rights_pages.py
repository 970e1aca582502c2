from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from consent.codes import make_link
from consent.models import NumberChange, Suppression, SuppressionSource
from consent.models.confirmations import LinkScope
from consent.operations.withdrawal import stop_all_texts
from consent.personal_page import TOKEN
from messaging.models import Message, MessageKind
from messaging.texts import text_of
from subscribers.models import AccessAction, AccessRecord, Subscriber
from tests import cast

pytestmark = pytest.mark.django_db
PAGES = ("erase/", "copy/", "copy.json", "number/", "number/code/")


@pytest.fixture
def alice() -> Subscriber:
    return cast.confirmed(cast.ALICE, at=timezone.now() - cast.HOUR)


def newest(kind: MessageKind) -> str:
    found = re.search(r"\d{6}", text_of(Message.objects.filter(kind=kind).latest("pk")))
    assert found
    return found[0]


@pytest.fixture
def her(client: Client, alice: Subscriber) -> Client:
    """A browser in which a code sent to her phone opened the page."""
    asked = client.post("/preferences/", {"number": cast.ALICE})
    client.post(asked["Location"], {"code": newest(MessageKind.ACCESS_CODE)})
    return client


def open_with_link(client: Client, alice: Subscriber) -> None:
    at = timezone.now()
    token = make_link(LinkScope.PREFERENCES, subscriber=alice, at=at, good_for=cast.DAY)
    client.post(f"/p/{token}/")


@pytest.mark.parametrize("page", PAGES)
def test_a_link_alone_opens_none_of_them(client, alice, page):
    open_with_link(client, alice)
    for answer in (client.get(f"/preferences/{page}"), client.post(f"/preferences/{page}")):
        assert answer.status_code in (303, 405)
    assert client.get(f"/preferences/{page}")["Location"] == "/preferences/prove/"
    assert Subscriber.objects.with_number(cast.ALICE).exists()


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_led_to_the_way_of_opening_it(client, page):
    assert client.get(f"/preferences/{page}")["Location"] == "/preferences/"


def test_the_code_leads_on_to_what_was_wanted(client, alice):
    open_with_link(client, alice)
    client.get("/preferences/copy/")
    assert "••01" in client.get("/preferences/prove/").content.decode()
    asked = client.post("/preferences/prove/")
    opened = client.post(asked["Location"], {"code": newest(MessageKind.ACCESS_CODE)})
    assert opened["Location"] == "/preferences/copy/"


def test_whoever_is_stopped_is_told_whom_to_write_to(client, alice):
    stop_all_texts(subscriber=alice, source=SuppressionSource.PAGE, at=timezone.now())
    open_with_link(client, alice)
    client.get("/preferences/erase/")
    page = client.get("/preferences/prove/").content.decode()
    assert "write to them" in page
    assert "<button" not in page.split("<main", 1)[1]


def test_remembering_is_chosen_at_first_and_looking_erases_nobody(her):
    for _look in range(3):
        page = her.get("/preferences/erase/").content.decode()
    assert re.search(r'value="yes"[^>]*checked', page)
    assert Subscriber.objects.with_number(cast.ALICE).exists()


@pytest.mark.parametrize("posted", [{}, {"remember_no": ""}, {"remember_no": "perhaps"}])
def test_an_answer_that_was_not_offered_erases_nobody(her, posted):
    answer = her.post("/preferences/erase/", posted)
    assert answer.status_code == 422
    assert Subscriber.objects.with_number(cast.ALICE).exists()


def test_erasing_closes_the_page_and_a_second_tap_finds_nobody(her):
    assert her.post("/preferences/erase/", {"remember_no": "yes"})["Location"] == (
        "/preferences/erased/"
    )
    assert TOKEN not in her.session
    assert her.post("/preferences/erase/", {"remember_no": "no"})["Location"] == "/preferences/"
    assert Suppression.objects.filter(lifted_at=None).count() == 1


def test_the_download_is_a_file_that_nobody_keeps(her):
    answer = her.get("/preferences/copy.json")
    assert answer["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert "no-store" in answer["Cache-Control"]
    assert answer.json()["person"]["number"] == cast.ALICE


@pytest.mark.parametrize("number", ["", "hello", "+44", "0" * 100])
def test_a_new_number_that_cannot_be_read_is_explained(her, number):
    assert her.post("/preferences/number/", {"number": number}).status_code == 422
    assert not NumberChange.objects.exists()


def test_moving_keeps_the_page_open_in_this_browser_only(her, alice):
    other = Client()
    open_with_link(other, alice)
    her.post("/preferences/number/", {"number": cast.STRANGER})
    moved = her.post("/preferences/number/code/", {"code": newest(MessageKind.NUMBER_CHANGE)})
    assert moved["Location"] == "/preferences/choices/"
    assert "••99" in her.get("/preferences/choices/").content.decode()
    assert other.get("/preferences/choices/")["Location"] == "/preferences/"


def test_a_number_with_a_page_of_its_own_is_said_only_to_who_proved_it(her):
    cast.carol()
    her.post("/preferences/number/", {"number": cast.CAROL})
    page = her.get("/preferences/number/code/").content.decode()
    assert "page of its own" not in page
    refused = her.post("/preferences/number/code/", {"code": newest(MessageKind.NUMBER_CHANGE)})
    assert refused.status_code == 422
    assert "page of its own" in refused.content.decode()


@pytest.mark.parametrize("page", ["choices/", "copy/", "copy.json", "erase/", "number/"])
def test_a_missing_key_is_said_and_not_an_error(her, settings, page):
    settings.MASTER_KEYS = "k9:" + settings.MASTER_KEYS.split(":", 1)[1]
    answer = her.get(f"/preferences/{page}")
    assert answer.status_code == 503
    assert "cannot open it at the moment" in answer.content.decode()


def test_staff_need_the_right_and_a_reason(client, alice):
    address = f"/admin/subscribers/subscriber/{alice.public_id}/erase/"
    answers = {"reason": "person", "remember_no": "no"}
    client.force_login(cast.author())
    client.post(address, answers)
    client.force_login(cast.staff("privacy", "Privacy officer"))
    client.post(address, {**answers, "reason": ""})
    client.post(address, {**answers, "reason": "because I feel like it"})
    assert client.get(address).status_code == 405
    assert Subscriber.objects.with_number(cast.ALICE).exists()
    client.post(address, answers)
    assert not Subscriber.objects.with_number(cast.ALICE).exists()
    record = AccessRecord.objects.get(action=AccessAction.ERASED)
    assert (record.reason, record.role) == ("They asked for it", "Privacy officer")
