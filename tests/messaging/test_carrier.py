from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging.carrier import signature
from subscribers.models import Subscriber
from tests import cast
from tests.carrier import (
    SECRET,
    Listener,
    RunningCarrier,
    database_url,
    running_carrier,
    start_carrier,
)


def test_it_runs_without_django() -> None:
    look = "import sys, messaging.carrier.__main__; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        (["--host", "192.0.2.1"], {}, "listens on 127.0.0.1 only"),
        (["--webhook-url", "http://example.com"], {}, "this machine only"),
        ([], {"CARRIER_SECRET": ""}, "CARRIER_SECRET is not set"),
    ],
)
def test_it_refuses_to_start_for_others(
    options: list[str], environment: dict[str, str], words: str, tmp_path: Path
) -> None:
    process = start_carrier("--port", "0", "--state", str(tmp_path), *options, **environment)
    assert words in process.communicate(timeout=20)[1]
    assert process.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_it_does_not_start_beside_real_people(tmp_path: Path) -> None:
    person = Subscriber(created_at=cast.NOON, is_sample=False)
    person.phone_number = cast.ALICE
    person.save()
    beside = database_url()
    process = start_carrier("--port", "0", "--state", str(tmp_path), DATABASE_URL=beside)
    assert "not sample data" in process.communicate(timeout=30)[1]
    assert process.returncode == 1


def test_it_does_not_start_beside_a_database_that_is_silent(tmp_path: Path) -> None:
    silent = "postgresql://nobody@/none?host=/nonexistent"
    process = start_carrier("--port", "0", "--state", str(tmp_path), DATABASE_URL=silent)
    assert "database beside the simulated carrier" in process.communicate(timeout=30)[1]


def test_two_never_share_a_state_folder(tmp_path: Path, listener: Listener) -> None:
    with running_carrier(tmp_path, listener.url):
        second = start_carrier("--port", "0", "--state", str(tmp_path))
        assert "Another carrier" in second.communicate(timeout=20)[1]


def test_it_answers_only_who_knows_the_secret(carrier: RunningCarrier) -> None:
    assert carrier.call("GET", "/handsets", secret="guess")[0] == 401


def test_it_logs_what_it_accepts(carrier: RunningCarrier) -> None:
    before = time.monotonic()
    status, answer = carrier.submit("+447700900101", "Olá €", reference="m-17")
    (entry,) = carrier.log()
    assert status == 201
    assert before <= entry["monotonic"] <= time.monotonic()
    assert abs(entry["wall"] - time.time()) < 60
    seen = {name: entry[name] for name in ("id", "reference", "number", "text", "from")}
    assert seen == {
        "id": answer["id"], "reference": "m-17", "number": "+447700900101", "text": "Olá €",
        "from": "Library",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "07700900101"}, {"to": None}, {"text": ""}, {"text": "x" * 2001}, {"from": ""},
        {"text": "\ud800"}, {"receipt_url": "http://example.com/"}, {"receipt_url": 5},
        {"receipt_url": "http://["},
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_text(wrong: dict[str, object], carrier: RunningCarrier) -> None:
    body = {"to": "+447700900101", "from": "Library", "text": "Hello", **wrong}
    assert carrier.call("POST", "/messages", body)[0] == 422
    assert carrier.log() == []


@pytest.mark.parametrize(
    ("failure", "status", "accepted"),
    [("reject", 422, 0), ("throttle", 429, 0), ("server_error_after_accepting", 500, 1)],
)
def test_it_fails_as_told(
    failure: str, status: int, accepted: int, carrier: RunningCarrier
) -> None:
    carrier.switch(failure=failure)
    assert carrier.submit("+447700900102")[0] == status
    assert len(carrier.log()) == accepted


def test_a_share_of_nothing_fails_nothing(carrier: RunningCarrier) -> None:
    carrier.switch(failure="reject", share=0)
    assert carrier.submit("+447700900102")[0] == 201


def test_it_can_lose_its_answer(carrier: RunningCarrier) -> None:
    carrier.switch(lost_responses=100)
    with pytest.raises(ConnectionError):
        carrier.submit("+447700900102")
    assert len(carrier.log()) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"failure": "explode"}, {"share": 101}, {"delay_ms": True}, {"speed": 3}, {"share": "1"}],
)
def test_a_switch_has_only_its_positions(wrong: dict[str, object], carrier: RunningCarrier) -> None:
    assert carrier.call("PUT", "/switches", wrong)[0] == 422


@pytest.fixture
def untouched(tmp_path: Path, listener: Listener) -> Iterator[RunningCarrier]:
    """A carrier of this test alone: the others text the same few numbers, in any order."""
    with running_carrier(tmp_path, listener.url) as carrier:
        yield carrier


def test_a_phone_shows_its_texts_and_hides_its_number(untouched: RunningCarrier) -> None:
    carrier = untouched
    carrier.submit("+447700900103", "First")
    carrier.submit("+447700900103", "Second")
    summary = carrier.call("GET", "/handsets")[1]["handsets"][0]
    assert summary["last"]["text"] == "Second"
    assert summary["unread"] == 2
    shown = carrier.call("GET", f"/handsets/{summary['id']}")[1]
    assert [line["text"] for line in shown["lines"]] == ["First", "Second"]
    assert shown["number"] == "+44 ••••••••03"
    assert carrier.call("GET", "/handsets")[1]["handsets"][0]["unread"] == 0


def test_no_handset_is_a_404(carrier: RunningCarrier) -> None:
    assert carrier.call("GET", "/handsets/nobody")[0] == 404


def test_a_reply_arrives_signed_from_the_phone(carrier: RunningCarrier, listener: Listener) -> None:
    carrier.submit("+447700900104")
    carrier.call("POST", f"/handsets/{carrier.phone('+447700900104')}/reply", {"text": "YES"})
    webhook = listener.next()
    assert webhook.path == "/providers/simulator/inbound/"
    assert webhook.payload.items() >= {
        "from": "+447700900104", "to": "Library", "text": "YES",
    }.items()  # fmt: skip
    assert signature.is_valid(
        SECRET,
        timestamp=webhook.headers[signature.TIMESTAMP_HEADER],
        signed=webhook.headers[signature.SIGNATURE_HEADER],
        body=webhook.body,
        now=time.time(),
    )


def test_replies_of_a_phone_keep_their_order_until_taken(
    carrier: RunningCarrier, listener: Listener
) -> None:
    listener.statuses = [503, 500]
    carrier.submit("+447700900105")
    phone = carrier.phone("+447700900105")
    for text in ("one", "two"):
        carrier.call("POST", f"/handsets/{phone}/reply", {"text": text})
    came = [listener.next().payload["text"] for _ in range(4)]
    assert came == ["one", "one", "one", "two"]


def test_a_phone_nobody_texted_says_whom_it_texts(
    untouched: RunningCarrier, listener: Listener
) -> None:
    carrier = untouched
    phone = carrier.phone("+447700900106")
    assert carrier.call("POST", f"/handsets/{phone}/reply", {"text": "JOIN"})[0] == 422
    carrier.call("POST", f"/handsets/{phone}/reply", {"text": "JOIN", "to": "60606"})
    assert listener.next().payload["to"] == "60606"


@pytest.mark.parametrize(
    ("switches", "statuses"),
    [
        ({"receipts": "delivered"}, ["delivered"]),
        ({"receipts": "undelivered"}, ["undelivered"]),
        ({"receipts": "delivered", "receipts_doubled": True}, ["delivered", "delivered"]),
        ({"receipts": "delivered", "receipts_reversed": True}, ["delivered", "accepted"]),
    ],
)
def test_receipts_come_as_told(
    switches: dict[str, object], statuses: list[str], carrier: RunningCarrier, listener: Listener
) -> None:
    carrier.switch(**switches)
    reference = json.dumps(switches)
    carrier.submit("+447700900107", receipt_url=f"{listener.url}/r/token/", reference=reference)
    webhooks = [listener.next_about(reference) for _ in statuses]
    assert [webhook.payload["status"] for webhook in webhooks] == statuses
    assert webhooks[0].path == "/r/token/"


def test_threads_ids_and_untaken_replies_survive_a_crash(
    tmp_path: Path, listener: Listener
) -> None:
    listener.statuses = [500] * 100
    with running_carrier(tmp_path, listener.url) as carrier:
        carrier.submit("+447700900108", "Before")
        phone = carrier.phone("+447700900108")
        carrier.call("POST", f"/handsets/{phone}/reply", {"text": "STOP"})
        reply = listener.next().payload
        carrier.log()
        carrier.process.kill()
    listener.statuses = []
    with running_carrier(tmp_path, listener.url) as carrier:
        shown = carrier.call("GET", f"/handsets/{phone}")[1]
        assert [line["text"] for line in shown["lines"]] == ["Before", "STOP"]
        while (again := listener.next().payload) != reply:
            assert again["id"] == reply["id"]
        assert [entry["text"] for entry in carrier.log()] == ["Before"]


def test_half_a_line_in_the_log_loses_only_itself(tmp_path: Path, listener: Listener) -> None:
    with running_carrier(tmp_path, listener.url) as carrier:
        carrier.submit("+447700900109", "Whole")
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"kind": "text", "wall"')
    with running_carrier(tmp_path, listener.url) as carrier:
        carrier.submit("+447700900109", "Next")
        assert [entry["text"] for entry in carrier.log()] == ["Whole", "Next"]
