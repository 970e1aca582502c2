"""The inbox answers what the Django view answers, as a process of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from threading import Thread
from urllib.parse import urlsplit

import psycopg
import pytest
from django.test import Client

from messaging.inbox.store import address
from messaging.models import MessageState, Receipt
from messaging.webhooks import LARGEST_BODY
from tests.carrier import SECRET, wait_until
from tests.inbox import (
    REPORT,
    RunningInbox,
    Visit,
    Watcher,
    path_of,
    running_inbox,
    signed,
    start_inbox,
    visit,
)

PATH = path_of("1.secret")


@pytest.fixture(scope="module")
def inbox(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[RunningInbox]:
    with django_db_blocker.unblock(), running_inbox() as inbox:
        yield inbox


@pytest.mark.django_db(transaction=True)
def test_a_signed_receipt_is_kept_and_answered(inbox: RunningInbox) -> None:
    told = REPORT | {"status": "undelivered", "error_code": "phone_unreachable"}
    assert inbox.call(PATH, *signed(told)) == (204, "")
    receipt = Receipt.objects.get()
    assert (receipt.provider, receipt.reference) == ("simulator", "1.secret")
    assert (receipt.state, receipt.error_code) == (MessageState.UNDELIVERED, "phone_unreachable")
    assert (receipt.applied_at, receipt.message_id) == (None, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "garbage",
    [
        b"", b"\xff\xfe", b"[]", b"null", b"[" * 60_000, b"\x1f\x8b\x08\x00", {},
        REPORT | {"status": "eaten"}, REPORT | {"status": 1}, REPORT | {"status": "a\u0000"},
    ],
)  # fmt: skip
def test_a_garbled_receipt_is_a_400_with_the_same_reason(
    garbage: object, inbox: RunningInbox
) -> None:
    told = both(inbox, PATH, *signed(garbage))
    assert told[0] == told[1]
    assert told[0][0] == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "secret", "answer"),
    [
        (PATH, "guess", (403, "bad signature")),
        ("/providers/pigeon/receipts/t/", SECRET, (404, "not found")),
        ("/providers/pi.geon/receipts/t/", SECRET, (404, "not found")),
        (path_of("x" * 23), SECRET, (404, "not found")),
        (path_of("é"), SECRET, (404, "not found")),
    ],
)
def test_what_is_not_for_us_is_refused_alike(
    path: str, secret: str, answer: tuple[int, str], inbox: RunningInbox
) -> None:
    ours, views = both(inbox, path.replace("é", "%C3%A9"), *signed(REPORT, secret=secret))
    assert ours == answer
    assert views[0] == answer[0]
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    "path", ["/providers/simulator/inbound/", PATH[:-1], f"{PATH}x", "//", "/", "/admin/"]
)
def test_everything_else_is_served_elsewhere(path: str, inbox: RunningInbox) -> None:
    assert inbox.call(path, *signed(REPORT)) == (404, "not found")


def test_get_is_refused(inbox: RunningInbox) -> None:
    assert inbox.call(PATH, b"", {}, method="GET")[0] == 405


@pytest.mark.django_db
def test_too_big_a_body_is_a_413(inbox: RunningInbox) -> None:
    told = both(inbox, PATH, *signed(b"x" * (LARGEST_BODY + 1)))
    assert told == [(413, "body too big")] * 2
    # Of a body in pieces nobody knows the length beforehand.
    body, headers = signed(b"x" * (LARGEST_BODY + 1))
    pieces = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    assert inbox.call(PATH, pieces, headers | {"Transfer-Encoding": "chunked"})[0] == 413


@pytest.mark.django_db
def test_a_body_that_is_cut_off_leaves_nothing(inbox: RunningInbox) -> None:
    body, headers = signed(REPORT)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    address = urlsplit(inbox.url)
    with socket.create_connection((str(address.hostname), address.port or 0)) as caller:
        caller.sendall(head.encode() + body[:-1])
    wait_until(lambda: inbox.call(PATH, b"", {}, method="GET")[0] == 405)
    assert not Receipt.objects.exists()


@pytest.mark.django_db
def test_a_body_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.inbox.server.BODY_SECONDS", 0.1)

    async def talk(visit: Visit) -> None:
        async def half() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(5)

        async with visit.session.post(PATH, data=half()) as answer:
            assert (answer.status, await answer.text()) == (400, "body cut off")

    visit(talk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said", ["POST {} HTTP/9.9\r\n\r\n", "POST {} HTTP/1.1\r\nb ad: {}\r\n\r\n"]
)
def test_what_is_no_http_leaves_no_trace_in_the_log(
    said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def talk(visit: Visit) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", visit.port)
        writer.write(said.replace("{}", PATH).encode())
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return answer

    assert b" 400 " in visit(talk)
    assert "1.secret" not in caplog.text


@pytest.mark.django_db
def test_a_taken_port_is_told_in_one_line(inbox: RunningInbox) -> None:
    second = start_inbox("--port", str(urlsplit(inbox.url).port))
    said = second.communicate(timeout=30)[1]
    assert "address already in use" in said
    assert len(said.splitlines()) == 1
    assert second.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_who_is_stopped_first_answers_what_was_taken() -> None:
    answers: list[tuple[int, str]] = []
    with running_inbox() as inbox, psycopg.connect(**address(), autocommit=True) as connection:
        database = Watcher(connection)
        sending = Thread(target=lambda: answers.append(inbox.call(PATH, *signed(REPORT))))
        with database.writes_held_up():
            sending.start()
            wait_until(lambda: bool(database.writers()))
            inbox.process.terminate()
        sending.join()
        assert inbox.process.wait(timeout=20) == 0
    assert answers == [(204, "")]
    assert Receipt.objects.get().reference == "1.secret"


def both(
    inbox: RunningInbox, path: str, body: bytes, headers: dict[str, str]
) -> list[tuple[int, str]]:
    """What the inbox answers, and what the view does."""
    answer = Client().post(path, body, content_type="application/json", headers=headers)
    return [inbox.call(path, body, headers), (answer.status_code, answer.content.decode())]
