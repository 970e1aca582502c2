"""The contract of every provider: what it raises, what it lets out, when it stays silent."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from typing import ClassVar

import pytest
from pytest_django import Settings

from messaging.providers.base import HttpProvider, OutgoingText, Provider, provider
from messaging.providers.console import Console
from messaging.providers.errors import (
    NotSigned,
    NotWritten,
    OptedOut,
    Rejected,
    SubmitError,
    Throttled,
    Unclear,
    UnknownProvider,
)
from messaging.providers.simulator import Simulator
from messaging.providers.webhook import Webhook
from tests.carrier import RunningCarrier
from tests.messaging.scripted_server import (
    HANG_UP,
    RESET,
    SILENCE,
    ScriptedServer,
    answer,
    scripted_server,
)

NUMBER = "+447700900111"
TEXT = OutgoingText(
    to=NUMBER,
    sender_address="Library",
    body="Your secret book is here",
    receipt_url="",
    reference="m-1",
)


class HurriedSimulator(Simulator):
    deadline: ClassVar[float] = 0.5


class NarrowSimulator(Simulator):
    connections: ClassVar[int] = 1


# Each HTTP provider: its class with a short deadline, its yes, and a no with a code in it.
HTTP_PROVIDERS: list[tuple[type[HttpProvider], str, str]] = [
    (HurriedSimulator, '{"id": "c-1"}', '{"error": "CODE"}'),
]
EVERY_PROVIDER = [Console, Simulator]


def soon() -> float:
    return time.monotonic() + 0.8


def submit(carrier: Provider, text: OutgoingText = TEXT, *, not_after: float | None = None) -> str:
    async def once() -> str:
        try:
            return await carrier.submit(text, not_after=not_after or soon())
        finally:
            await carrier.close()

    return asyncio.run(once())


def failure(carrier: Provider, *, not_after: float | None = None) -> SubmitError:
    with pytest.raises(SubmitError) as caught:
        submit(carrier, not_after=not_after)
    return caught.value


@pytest.fixture(params=HTTP_PROVIDERS, ids=lambda row: row[0].__name__)
def http_provider(request: pytest.FixtureRequest) -> tuple[HttpProvider, str, str]:
    made, yes, no = request.param
    return made("simulator"), yes, no


def reach(server: ScriptedServer, settings: Settings) -> None:
    settings.CARRIER_URL = server.url


def test_it_returns_the_id_of_a_taken_text(
    http_provider: tuple[HttpProvider, str, str], settings: Settings
) -> None:
    carrier, yes, _ = http_provider
    with scripted_server(answer(201, yes)) as server:
        reach(server, settings)
        assert submit(carrier) == "c-1"


@pytest.mark.parametrize(
    ("said", "error", "code"),
    [
        (answer(201, "<html>"), Unclear, "unreadable_answer"),
        (answer(201, "{}"), Unclear, "unreadable_answer"),
        (answer(204), Unclear, "unreadable_answer"),
        (answer(302, Location="/elsewhere"), Unclear, "http_302"),
        (answer(400, "oops"), Rejected, "http_400"),
        (answer(408), Unclear, "http_408"),
        (answer(409), Unclear, "http_409"),
        (answer(429), Throttled, "throttled"),
        (answer(500, '{"id": "c-1"}'), Unclear, "http_500"),
        (answer(503), Unclear, "http_503"),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{", Unclear, "timeout"),
        (b"nonsense\r\n\r\n", Unclear, "unreadable_answer"),
        (RESET, Unclear, "connection_lost"),
        (HANG_UP, Unclear, "connection_lost"),
        (SILENCE, Unclear, "timeout"),
    ],
)
def test_every_ending_has_its_error_and_no_request_is_repeated(
    said: bytes,
    error: type[SubmitError],
    code: str,
    http_provider: tuple[HttpProvider, str, str],
    settings: Settings,
) -> None:
    with scripted_server(said) as server:
        reach(server, settings)
        failed = failure(http_provider[0])
        assert (type(failed), failed.code) == (error, code)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("code", "error", "kept"),
    [
        ("unreachable_number", Rejected, "unreachable_number"),
        ("21610", Rejected, "21610"),
        ("recipient_opted_out", OptedOut, "recipient_opted_out"),
        (f"bad number {NUMBER}", Rejected, "http_422"),
        (NUMBER[1:], Rejected, "http_422"),
    ],
)
def test_a_no_keeps_its_code_but_no_number(
    code: str,
    error: type[SubmitError],
    kept: str,
    http_provider: tuple[HttpProvider, str, str],
    settings: Settings,
) -> None:
    carrier, _, no = http_provider
    with scripted_server(answer(422, no.replace("CODE", code))) as server:
        reach(server, settings)
        failed = failure(carrier)
        assert (type(failed), failed.code) == (error, kept)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("-5", 1.0),
        ("99999", 3600.0),
        ("Sun, 22 Nov 2026 10:00:00 GMT", 1.0),
    ],
)
def test_it_hears_how_long_to_wait(
    told: str, seconds: float, http_provider: tuple[HttpProvider, str, str], settings: Settings
) -> None:
    with scripted_server(answer(429, Retry_After=told)) as server:
        reach(server, settings)
        failed = failure(http_provider[0])
        assert isinstance(failed, Throttled)
        assert failed.retry_after == seconds


def test_nobody_listening_means_not_written(
    http_provider: tuple[HttpProvider, str, str], settings: Settings
) -> None:
    with scripted_server(answer(201)) as server:
        reach(server, settings)
    assert isinstance(failure(http_provider[0]), NotWritten)


@pytest.mark.parametrize(
    ("name", "value"),
    [("CARRIER_URL", ""), ("CARRIER_URL", "http://["), ("CARRIER_SECRET", "a\nb")],
)
def test_settings_that_cannot_work_mean_not_written(
    name: str,
    value: str,
    http_provider: tuple[HttpProvider, str, str],
    settings: Settings,
) -> None:
    with scripted_server(answer(201, http_provider[1])) as server:
        reach(server, settings)
        setattr(settings, name, value)
        assert isinstance(failure(http_provider[0]), NotWritten)
        assert server.bytes_received == 0


@pytest.mark.parametrize("said", [answer(500), answer(422, "{}"), RESET, SILENCE])
def test_no_error_or_log_line_names_the_person(
    said: bytes,
    http_provider: tuple[HttpProvider, str, str],
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted_server(said) as server:
        reach(server, settings)
        failed = failure(http_provider[0])
    told = "".join(traceback.format_exception(failed)) + repr(failed) + caplog.text + repr(TEXT)
    assert NUMBER[1:] not in told
    assert "secret book" not in told
    assert failed.__context__ is None


@pytest.mark.parametrize("made", EVERY_PROVIDER)
def test_too_late_means_not_one_byte(made: type[Provider], settings: Settings) -> None:
    with scripted_server(answer(201, '{"id": "c-1"}')) as server:
        reach(server, settings)
        failed = failure(made("any"), not_after=time.monotonic() - 0.001)
        assert (type(failed), failed.code) == (NotWritten, "too_late")
        assert server.bytes_received == 0


def test_a_connection_that_came_too_late_carries_nothing(
    carrier: RunningCarrier, settings: Settings
) -> None:
    carrier.switch(delay_ms=400)
    narrow = NarrowSimulator("simulator")

    async def three() -> list[str | BaseException]:
        first = asyncio.create_task(narrow.submit(TEXT, not_after=soon()))
        while not await asyncio.to_thread(carrier.log):
            await asyncio.sleep(0)
        # Its connection is busy for 400 ms: the second gets it after its own time is over.
        second = narrow.submit(TEXT, not_after=time.monotonic() + 0.05)
        outcomes = list(await asyncio.gather(first, second, return_exceptions=True))
        outcomes.append(await narrow.submit(TEXT, not_after=soon()))
        await narrow.close()
        return outcomes

    first, second, third = asyncio.run(three())
    assert isinstance(second, NotWritten)
    assert second.code == "too_late"
    assert [entry["id"] for entry in carrier.log()] == [first, third]


def test_an_event_loop_that_stood_still_lets_nothing_out_late(
    carrier: RunningCarrier, settings: Settings
) -> None:
    simulator = Simulator("simulator")
    ends: dict[str, float] = {}

    async def submit_beside_a_stall(reference: str) -> None:
        text = OutgoingText(NUMBER, "Library", "Hello", "", reference)
        ends[reference] = time.monotonic() + 0.05
        task = asyncio.create_task(simulator.submit(text, not_after=ends[reference]))
        asyncio.get_running_loop().call_soon(time.sleep, 0.5)
        await asyncio.gather(task, return_exceptions=True)

    async def several() -> None:
        # The first opens the connection that the later ones find ready.
        await simulator.submit(TEXT, not_after=soon())
        for reference in ("a", "b", "c"):
            await submit_beside_a_stall(reference)
        await simulator.close()

    asyncio.run(several())
    for entry in carrier.log()[1:]:
        assert entry["monotonic"] < ends[entry["reference"]] + 0.2


def test_a_connection_the_carrier_closed_is_not_used_again(settings: Settings) -> None:
    simulator = Simulator("simulator")
    with scripted_server(answer(201, '{"id": "c-1"}'), hangs_up_after_each=True) as server:
        reach(server, settings)

        async def server_hung_up() -> None:
            [pool] = simulator._transport._pools.values()
            while any(connection.is_reusable for connection in pool.idle):
                await asyncio.sleep(0.01)

        async def two_turns() -> None:
            for _ in range(2):
                await simulator.submit(TEXT, not_after=soon())
                await server_hung_up()
            await simulator.close()

        asyncio.run(two_turns())
        assert server.connections == 2


def test_each_event_loop_gets_connections_of_its_own(carrier: RunningCarrier) -> None:
    simulator = Simulator("simulator")
    assert len({submit(simulator), submit(simulator)}) == 2


def test_the_console_masks_the_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(Console("console")).startswith("console-")
    assert capsys.readouterr().out == "to +44 ••••••••11: Your secret book is here\n"


def test_the_console_believes_no_webhook() -> None:
    with pytest.raises(NotSigned):
        Console("console").verify(Webhook(url="/", headers={}, body=b"{}"))


def test_a_provider_is_one_object_found_by_its_name() -> None:
    assert provider("simulator") is provider("simulator")
    assert isinstance(provider("simulator"), Simulator)
    with pytest.raises(UnknownProvider):
        provider("pigeon")
