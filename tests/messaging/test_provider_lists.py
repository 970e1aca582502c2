"""The contract of every provider that can be asked what became of a text."""

from __future__ import annotations

import asyncio
import logging

import pytest
from pytest_django import Settings

from messaging.models import MessageState
from messaging.providers.base import Found, HttpProvider, Provider
from messaging.providers.console import Console
from messaging.providers.errors import Unanswered
from messaging.providers.simulator import Simulator
from tests.carrier import RunningCarrier
from tests.messaging.scripted_server import HANG_UP, RESET, SILENCE, answer, scripted_server
from tests.messaging.test_providers import HTTP_PROVIDERS, HurriedSimulator
from tests.pigeon import Pigeon

# Each HTTP provider that keeps a list: its words for a text that it has, and for one that it has
# not.
LISTS: list[tuple[type[HttpProvider], str, str]] = [
    (HurriedSimulator, '{"status": "accepted", "id": "c-1"}', '{"status": "unknown"}'),
]


def find(carrier: Provider, reference: str = "m-1") -> Found | None:
    async def once() -> Found | None:
        try:
            return await carrier.find(reference)
        finally:
            await carrier.close()

    return asyncio.run(once())


@pytest.fixture(params=LISTS, ids=lambda row: row[0].__name__)
def listed(request: pytest.FixtureRequest) -> tuple[HttpProvider, str, str]:
    made, has, has_not = request.param
    return made("simulator"), has, has_not


def test_every_provider_that_can_be_asked_is_tested_here():
    askable = {made for made, *_ in HTTP_PROVIDERS if made.can_be_asked}
    assert askable == {made for made, *_ in LISTS}


@pytest.mark.parametrize("made", [Console, Pigeon])
def test_a_provider_without_a_list_says_so(made: type[Provider]):
    assert not made.can_be_asked
    with pytest.raises(Unanswered, match="cannot_be_asked"):
        find(made("any"))


def test_it_tells_a_text_it_has_from_one_it_has_not(listed, settings: Settings):
    carrier, has, has_not = listed
    with scripted_server(answer(200, has), answer(200, has_not)) as server:
        settings.CARRIER_URL = server.url
        assert find(carrier) == Found("c-1", MessageState.ACCEPTED)
        assert find(carrier) is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (answer(200, "<html>"), "http_200"),
        (answer(200, "{}"), "unreadable_answer"),
        (answer(200, '{"status": "accepted", "id": ""}'), "unreadable_answer"),
        (answer(200, '{"status": "accepted", "id": "' + "x" * 81 + '"}'), "unreadable_answer"),
        (answer(302, Location="/elsewhere"), "http_302"),
        (answer(401, "{}"), "http_401"),
        (answer(404, '{"status": "unknown"}'), "http_404"),
        (answer(500), "http_500"),
        (RESET, "connection_lost"),
        (HANG_UP, "connection_lost"),
        (SILENCE, "timeout"),
    ],
)
def test_whatever_else_it_says_is_no_answer(said: bytes, code: str, listed, settings: Settings):
    with scripted_server(said) as server:
        settings.CARRIER_URL = server.url
        with pytest.raises(Unanswered) as silence:
            find(listed[0])
    assert silence.value.code == code
    assert silence.value.__context__ is None


def test_the_question_carries_nothing_but_the_reference(
    listed, settings: Settings, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with scripted_server(answer(200, listed[1])) as server:
        settings.CARRIER_URL = server.url
        find(listed[0], "a b&c")
        [asked] = server.received
    head, _, body = asked.partition(b"\r\n\r\n")
    assert body == b""
    assert b"reference=a+b%26c" in head.splitlines()[0]
    assert "a b&c" not in caplog.text


def test_the_carrier_knows_what_it_took_and_forgot_nothing(carrier: RunningCarrier):
    _, said = carrier.submit("+447700900111", reference="lost-and-found")
    assert find(Simulator("simulator"), "lost-and-found") == Found(said["id"])
    assert find(Simulator("simulator"), "never-sent") is None
