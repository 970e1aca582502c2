from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from config.outage import server_error
from consent.models import Confirmation
from tests import cast
from tests.consent.test_signup_page import PAGE, filled_in

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def database_gone() -> Iterator[None]:
    """As when the server is away: no connection, and none to be had."""
    host = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        yield
    finally:
        connection.settings_dict["HOST"] = host


def hidden_fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


@pytest.fixture
def strict() -> Client:
    cast.sender()
    cast.signup_form()
    return Client(enforce_csrf_checks=True)


def test_what_was_typed_can_be_sent_again_when_the_database_is_back(strict):
    answers = filled_in(strict)
    answers["csrfmiddlewaretoken"] = strict.cookies["csrf"].value
    with database_gone():
        away = strict.post(PAGE, answers)
    assert (away.status_code, away["Retry-After"]) == (503, "30")
    typed = hidden_fields(away.content.decode())
    assert typed["number"] == "07700 900123"
    assert strict.post(PAGE, typed).status_code == 303
    assert Confirmation.objects.count() == 1


def test_a_forged_request_stays_forged(strict):
    answers = {**filled_in(strict), "csrfmiddlewaretoken": "f" * 64}
    with database_gone():
        away = strict.post(PAGE, answers)
    assert strict.post(PAGE, hidden_fields(away.content.decode())).status_code == 403


def test_a_page_that_cannot_be_read_offers_to_look_again(strict):
    with database_gone():
        away = strict.get(PAGE)
    assert away.status_code == 503
    assert f'<form method="get" action="{PAGE}">' in away.content.decode()


def test_a_password_is_not_repeated(strict):
    strict.get("/admin/login/")
    answers = {"username": "author", "password": "only-for-tests"}
    answers["csrfmiddlewaretoken"] = strict.cookies["csrf"].value
    with database_gone():
        away = strict.post("/admin/login/", answers)
    assert away.status_code == 503
    assert "only-for-tests" not in away.content.decode()


@pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (ValueError, 500)])
def test_an_error_outside_the_views_is_told_apart(error, status):
    try:
        raise error
    except error:
        assert server_error(RequestFactory().get("/")).status_code == status
