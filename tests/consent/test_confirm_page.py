from __future__ import annotations

import re

import pytest
from django.db.models import F
from django.utils import timezone

from consent.ledger import evidence
from consent.models import Confirmation, Consent, EventKind, Standing
from consent.operations.signup import CONFIRMATION_MINUTES
from tests import cast
from tests.consent.test_signup_page import PAGE, errors_of, filled_in

pytestmark = pytest.mark.django_db

UNKNOWN = "/confirm/" + "a" * 22 + "/"


def ask(client, number: str = cast.STRANGER) -> tuple[str, str]:
    """The confirm page that a signup leads to, and the code in the text."""
    cast.sender()
    cast.signup_form()
    page = client.post(PAGE, filled_in(client, number=number))["Location"]
    # The confirm worker lets the text go.
    Confirmation.objects.update(text_left_at=F("requested_at"))
    request = Confirmation.objects.latest("pk").purposes.get().requested_event
    code = re.search(r"code (\d{6})", str(evidence(request)["confirmation_text"]))
    assert code
    return page, code[1]


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_right_code_confirms(client):
    page, code = ask(client)
    response = client.post(page, {"code": code})
    assert (response.status_code, response["Location"]) == (303, "/done/")
    assert Consent.objects.get().status == Standing.CONFIRMED


def test_it_takes_the_code_with_the_spaces_people_type(client):
    page, code = ask(client)
    assert client.post(page, {"code": f" {code[:3]} {code[3:]}"}).status_code == 303


def test_looking_confirms_nothing(client):
    page, _code = ask(client)
    client.get(page)
    assert Consent.objects.get().status == Standing.REQUESTED


def test_a_wrong_code_is_refused_in_the_same_words_whatever_the_cause(client):
    page, code = ask(client)
    used, used_code = ask(client, cast.ALICE)
    client.post(used, {"code": used_code})
    refused = [
        client.post(page, {"code": another(code)}),
        client.post(page, {"code": "12"}),
        client.post(page, {"code": "١٢٣٤٥٦"}),
        client.post(used, {"code": used_code}),
        client.post(UNKNOWN, {"code": code}),
    ]
    assert {response.status_code for response in refused} == {422}
    assert {tuple(errors_of(response)["code"]) for response in refused} == {
        ("That code did not work. Use the newest text from us, or ask for another one.",)
    }


def test_after_five_wrong_codes_the_right_one_is_refused(client):
    page, code = ask(client)
    for _try in range(5):
        client.post(page, {"code": another(code)})
    assert client.post(page, {"code": code}).status_code == 422
    assert Consent.objects.get().status == Standing.REQUESTED


def test_an_old_code_is_refused(client):
    page, code = ask(client)
    old = timezone.now() - CONFIRMATION_MINUTES * cast.MINUTE
    Confirmation.objects.update(requested_at=old)
    assert client.post(page, {"code": code}).status_code == 422


def test_it_shows_the_same_page_for_every_token_there_could_be(client):
    page, _code = ask(client)
    known, unknown = (
        re.sub(r'value="\w{64}"', "", client.get(address).content.decode())
        for address in (page, UNKNOWN)
    )
    assert known == unknown
    assert 'autocomplete="one-time-code"' in known
    assert 'inputmode="numeric"' in known


@pytest.mark.parametrize("token", ["short", "a" * 21, "a" * 23, "a" * 21 + "."])
def test_anything_else_is_not_found(client, token):
    assert client.get(f"/confirm/{token}/").status_code == 404


def test_the_last_page_tells_how_to_stop_and_is_the_same_for_everybody(client):
    page = client.get("/done/").content.decode()
    assert "STOP" in page
    assert "/preferences/" in page


def test_the_events_are_asked_then_confirmed(client):
    page, code = ask(client)
    client.post(page, {"code": code})
    kinds = Consent.objects.get().subscriber.events.order_by("occurred_at")
    assert [event.kind for event in kinds] == [EventKind.REQUESTED, EventKind.CONFIRMED]


def test_it_says_which_of_two_quick_requests_counts_and_asks_for_a_wait(client):
    page, _code = ask(client)
    for address in (page, UNKNOWN):
        shown = client.get(address, headers={"referer": f"http://testserver{PAGE}"})
        words = " ".join(shown.content.decode().split())
        assert "the text we sent first is the one that counts" in words
        assert f'Wait a minute, then <a href="{PAGE}">fill in the form again</a>' in words


def test_the_form_just_filled_in_is_remembered_after_a_wrong_code(client):
    page, code = ask(client)
    again = client.post(page, {"code": another(code), "came_from": PAGE}).content.decode()
    assert f'<a href="{PAGE}">' in again


@pytest.mark.parametrize("elsewhere", ["", "https://elsewhere.example/", "/admin/", "nonsense"])
def test_it_leads_nowhere_but_to_a_form_of_ours(client, elsewhere):
    shown = client.get(UNKNOWN, headers={"referer": elsewhere}).content.decode()
    assert '<a href="/">fill in the form again</a>' in " ".join(shown.split())
