from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from messaging.models import Sender
from tests.carrier import Listener, RunningCarrier

PHONES = "/admin/handsets/"
SWITCHES = "/admin/handsets/switches/"
NUMBER = "+447700900141"

pytestmark = pytest.mark.django_db


def signed_in(*, is_staff: bool = True, is_active: bool = True) -> Client:
    user = get_user_model().objects.create_user("ines", is_staff=is_staff, is_active=is_active)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff() -> Client:
    return signed_in()


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def open_phone(client: Client, number: str = NUMBER) -> str:
    response = client.post(f"{PHONES}open/", {"number": number})
    assert response.status_code == 302
    return str(response["Location"])


@pytest.mark.parametrize("path", [PHONES, SWITCHES, f"{PHONES}some-phone/"])
def test_it_does_not_exist_for_others(path: str, carrier: RunningCarrier) -> None:
    assert Client().get(path).status_code == 404
    assert signed_in(is_staff=False).get(path).status_code == 404


@pytest.mark.parametrize("path", [f"{PHONES}open/", f"{PHONES}some-phone/reply/"])
def test_nobody_else_can_post(path: str, carrier: RunningCarrier) -> None:
    assert Client().post(path, {"number": NUMBER, "text": "YES"}).status_code == 404


def test_it_does_not_exist_outside_the_demo(
    staff: Client, carrier: RunningCarrier, settings: Settings
) -> None:
    settings.DEMO = False
    assert staff.get(PHONES).status_code == 404


@pytest.mark.parametrize(
    ("name", "address"), [("REMOTE_ADDR", "10.0.0.9"), ("HTTP_X_FORWARDED_FOR", "127.0.0.1")]
)
def test_it_does_not_exist_for_other_machines(
    name: str, address: str, staff: Client, carrier: RunningCarrier
) -> None:
    staff.defaults[name] = address
    assert staff.get(PHONES).status_code == 404


def test_it_lists_phones_by_masked_number(staff: Client, carrier: RunningCarrier) -> None:
    carrier.submit(NUMBER, "Your code is 123456")
    shown = page(staff, PHONES)
    assert "Your code is 123456" in shown
    assert "+44 ••••••••41" in shown
    assert "7700900141" not in shown


def test_a_thread_shows_texts_with_their_links(staff: Client, carrier: RunningCarrier) -> None:
    carrier.submit(NUMBER, "<b>Hi</b> http://127.0.0.1:8000/p/abc")
    path = open_phone(staff)
    shown = page(staff, path)
    assert "&lt;b&gt;Hi&lt;/b&gt;" in shown
    assert 'href="http://127.0.0.1:8000/p/abc"' in shown
    assert "7700900" not in path + shown


def test_a_reply_goes_out_from_the_phone(
    staff: Client, carrier: RunningCarrier, listener: Listener
) -> None:
    carrier.submit(NUMBER)
    path = open_phone(staff)
    assert staff.post(f"{path}reply/", {"text": "STOP"}).status_code == 302
    assert listener.next().payload["text"] == "STOP"
    assert "STOP" in page(staff, path)


def test_a_new_phone_texts_the_sender_of_confirmations(
    staff: Client, carrier: RunningCarrier, listener: Listener
) -> None:
    Sender.objects.create(
        name="System", provider="simulator", address="60606", parts_per_second=1,
        sends_system_texts=True,
    )  # fmt: skip
    path = open_phone(staff, "+447700900142")
    staff.post(f"{path}reply/", {"text": "START", "first": "yes"})
    assert listener.next().payload["to"] == "60606"


def test_a_new_phone_without_any_sender_has_nobody_to_text(
    staff: Client, carrier: RunningCarrier
) -> None:
    path = open_phone(staff, "+447700900143")
    response = staff.post(f"{path}reply/", {"text": "START", "first": "yes"})
    assert response.status_code == 422
    assert "nobody to answer" in response.content.decode()


def test_an_empty_reply_is_not_sent(staff: Client, carrier: RunningCarrier) -> None:
    path = open_phone(staff)
    assert staff.post(f"{path}reply/", {"text": "  "}).status_code == 422


@pytest.mark.parametrize("number", ["", "hello", "+44", "07700", "9" * 40])
def test_what_is_no_number_opens_nothing(
    number: str, staff: Client, carrier: RunningCarrier
) -> None:
    assert staff.post(f"{PHONES}open/", {"number": number}).status_code == 422


def test_a_national_number_opens_its_phone(staff: Client, carrier: RunningCarrier) -> None:
    assert open_phone(staff, "07700 900141") == open_phone(staff)


def test_no_such_phone_is_a_404(staff: Client, carrier: RunningCarrier) -> None:
    assert staff.get(f"{PHONES}nobody/").status_code == 404
    assert staff.post(f"{PHONES}nobody/reply/", {"text": "YES"}).status_code == 404


def test_the_switches_switch(staff: Client, carrier: RunningCarrier) -> None:
    positions = {
        "failure": "throttle", "share": 20, "delay_ms": 5, "lost_responses": 1,
        "receipts": "none", "receipt_delay_ms": 9, "receipts_doubled": "on",
        "receipts_reversed": "on",
    }  # fmt: skip
    assert staff.post(SWITCHES, positions).status_code == 302
    switched = positions | {"receipts_doubled": True, "receipts_reversed": True}
    assert carrier.call("GET", "/switches")[1] == switched
    assert 'value="throttle" selected' in page(staff, SWITCHES)


def test_a_wrong_position_changes_nothing(staff: Client, carrier: RunningCarrier) -> None:
    assert staff.post(SWITCHES, {"failure": "explode"}).status_code == 422
    assert carrier.call("GET", "/switches")[1]["failure"] == "none"


@pytest.mark.parametrize("path", [PHONES, SWITCHES, f"{PHONES}some-phone/"])
def test_a_silent_carrier_is_said_so(path: str, staff: Client, settings: Settings) -> None:
    settings.CARRIER_URL = "http://127.0.0.1:1"
    response = staff.get(path)
    assert response.status_code == 503
    assert "does not answer" in response.content.decode()


def test_no_carrier_configured_is_said_so(staff: Client, settings: Settings) -> None:
    settings.CARRIER_URL = ""
    assert staff.get(PHONES).status_code == 503


def test_nothing_on_the_pages_is_inline(staff: Client, carrier: RunningCarrier) -> None:
    carrier.submit(NUMBER)
    for path in (PHONES, SWITCHES, open_phone(staff)):
        shown = page(staff, path)
        assert " style=" not in shown
        assert "<style" not in shown
