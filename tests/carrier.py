"""A real carrier process, and a real server that plays the other side of a connection."""

from __future__ import annotations

import http.client
import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from pytest_django import Settings

SECRET = "only-for-tests"
NORMAL = {
    "failure": "none", "share": 100, "delay_ms": 0, "lost_responses": 0, "receipts": "none",
    "receipt_delay_ms": 0, "receipts_doubled": False, "receipts_reversed": False,
}  # fmt: skip


@dataclass(frozen=True)
class Webhook:
    """One request that the listener got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Listener:
    """Takes the carrier's webhooks; answers with `statuses` in turn, then with 204."""

    url: str
    taken: queue.Queue[Webhook] = field(default_factory=queue.Queue)
    statuses: list[int] = field(default_factory=list)

    def next(self) -> Webhook:
        return self.taken.get(timeout=10)

    def next_about(self, reference: str) -> Webhook:
        """The next receipt of that text: earlier tests may still have some on their way."""
        while (webhook := self.next()).payload.get("reference") != reference:
            pass
        return webhook


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.taken.put(Webhook(self.path, dict(self.headers), body))
            self.send_response(listener.statuses.pop(0) if listener.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener = Listener(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class RunningCarrier:
    url: str
    process: subprocess.Popen[str]
    start: int = 0

    def call(
        self, method: str, path: str, payload: object = None, *, secret: str = SECRET
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            headers = {"Authorization": f"Bearer {secret}"}
            connection.request(method, path, json.dumps(payload), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def submit(
        self, number: str, text: str = "Hello", **more: object
    ) -> tuple[int, dict[str, Any]]:
        body = {"to": number, "from": "Library", "text": text, "reference": "r1", **more}
        return self.call("POST", "/messages", body)

    def switch(self, **positions: object) -> None:
        status, _ = self.call("PUT", "/switches", positions)
        assert status == 200

    def log(self, *, after: int | None = None) -> list[dict[str, Any]]:
        """What was accepted since the test began, or since the log ended at `after`."""
        position = self.start if after is None else after
        entries: list[dict[str, Any]] = self.call("GET", f"/log?after={position}")[1]["entries"]
        return entries

    def end_of_log(self) -> int:
        return int(self.call("GET", f"/log?after={self.start}")[1]["next"])

    def phone(self, number: str) -> str:
        return str(self.call("POST", "/handsets/find", {"number": number})[1]["id"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=10)


@contextmanager
def running_carrier(state: Path, webhook_url: str) -> Iterator[RunningCarrier]:
    process = start_carrier("--port", "0", "--state", str(state), "--webhook-url", webhook_url)
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        pytest.fail(f"the carrier did not start: {process.communicate()[1]}")
    carrier = RunningCarrier(said.split()[-1], process)
    try:
        yield carrier
    finally:
        carrier.stop()


def database_url() -> str:
    """Where the database of this test is, for a process of its own."""
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    name = connection.settings_dict["NAME"]
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


def start_carrier(*options: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "messaging.carrier", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"CARRIER_SECRET": SECRET} | environment,
    )


@pytest.fixture(scope="session")
def webhook_server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def listener(webhook_server: Listener) -> Listener:
    webhook_server.taken = queue.Queue()
    webhook_server.statuses = []
    return webhook_server


@pytest.fixture(scope="session")
def carrier_process(
    tmp_path_factory: pytest.TempPathFactory, webhook_server: Listener
) -> Iterator[RunningCarrier]:
    state = tmp_path_factory.mktemp("carrier")
    with running_carrier(state, webhook_server.url) as carrier:
        yield carrier


@pytest.fixture
def carrier(
    carrier_process: RunningCarrier, listener: Listener, settings: Settings
) -> RunningCarrier:
    """The carrier with every switch in its normal position, named in the settings."""
    carrier_process.switch(**NORMAL)
    carrier_process.start = carrier_process.call("GET", f"/log?after={carrier_process.start}")[1][
        "next"
    ]
    settings.CARRIER_URL = carrier_process.url
    settings.CARRIER_SECRET = SECRET
    return carrier_process


def wait_until(look: Callable[[], bool], *, seconds: float = 10) -> None:
    """Return as soon as `look` says yes."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
