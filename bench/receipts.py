"""How many receipts a second are stored, by inbox and Django view: `make bench-receipts`.

One client, in this process, plays the provider: each of its connections sends a signed receipt of
a text of its own, waits for the 204, and sends the next. The inbox is one process; the view runs
under gunicorn as `manage.py up` starts it. Both stand beside the same database, which is durable
(fsync is on), and take turns, so that each has the machine to itself.

What was acknowledged is looked up in the database afterwards, one by one. The processor's time
counts everything: client, server and database.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

CONNECTIONS = int(os.environ.get("CONNECTIONS", "128"))
SECONDS = float(os.environ.get("SECONDS", "10"))
WARM_UP_SECONDS = 1.0
SECRET = "only-for-tests"  # noqa: S105 (as in the settings of the tests)
WAYS = ("inbox", "django_view")


@dataclass
class Tally:
    """What the client heard of: references acknowledged, and how long each acknowledgement took."""

    references: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass
class Figures:
    references: list[str]
    per_s: float
    ack_p99_ms: float
    cpu_us: float


class Caller(asyncio.Protocol):
    """One connection of the provider, one receipt after the other until `stop`."""

    def __init__(self, requests: Iterator[tuple[str, bytes]], tally: Tally) -> None:
        self.requests, self.tally = requests, tally
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_stopping = False
        self.heard = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if b"\r\n\r\n" not in self.heard:
            return
        if self.heard[9:12] != b"204":
            self.ended.set_exception(RuntimeError(self.heard[:200].decode(errors="replace")))
            return
        self.tally.references.append(self.reference)
        self.tally.seconds.append(time.perf_counter() - self.sent_at)
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error or RuntimeError("the server hung up"))

    def _send(self) -> None:
        self.heard = b""
        if self.is_stopping:
            self.ended.set_result(None)
            self.transport.close()
            return
        self.reference, request = next(self.requests)
        self.sent_at = time.perf_counter()
        self.transport.write(request)


def receipts(way: str) -> Iterator[tuple[str, bytes]]:
    """Token and request of one receipt after the other, each about another text."""
    from messaging.carrier import signature

    for number in itertools.count():
        reference = f"{number}.{way[:6]}"
        report = {"id": reference, "reference": reference, "status": "delivered", "error_code": ""}
        body = json.dumps(report).encode()
        headers = signature.headers(SECRET, body=body, now=time.time())
        headers |= {"Host": "127.0.0.1", "Content-Type": "application/json"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST /providers/simulator/receipts/{reference}/ HTTP/1.1\r\n{lines}"
        yield reference, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def call(port: int, requests: Iterator[tuple[str, bytes]], seconds: float) -> Tally:
    """Send receipts for some seconds over all connections; what was acknowledged."""
    tally = Tally()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Caller(requests, tally), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    callers = [caller for _, caller in made]
    everyone = asyncio.gather(*(caller.ended for caller in callers))
    await asyncio.wait({everyone}, timeout=seconds)
    for caller in callers:
        caller.is_stopping = True
    await everyone
    return tally


def measure(way: str, port: int) -> Figures:
    requests = receipts(way)
    warm_up = asyncio.run(call(port, requests, WARM_UP_SECONDS))
    cpu, began = cpu_seconds(), time.perf_counter()
    tally = asyncio.run(call(port, requests, SECONDS))
    took, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    return Figures(
        references=warm_up.references + tally.references,
        per_s=len(tally.references) / took,
        ack_p99_ms=statistics.quantiles(tally.seconds, n=100)[-1] * 1000,
        cpu_us=cpu / len(tally.references) * 1_000_000,
    )


def cpu_seconds() -> float:
    """What we, our children and the database have used so far, the ended ones included."""
    us = psutil.Process()
    times = [process.cpu_times() for process in (us, *us.children(recursive=True))]
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))


def main() -> None:
    from config.stack.folders import claim_folder
    from config.stack.layout import DATABASE, StackLayout
    from config.stack.postgres import Postgres

    layout = StackLayout(ROOT / ".local" / "bench-receipts")
    claim_folder(layout.home)
    shutil.rmtree(layout.postgres_folder, ignore_errors=True)
    postgres = Postgres(layout)
    os.environ["DATABASE_URL"] = layout.database_url
    os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
    try:
        postgres.start()
        postgres.create_database(DATABASE)
        show(compare(layout))
    finally:
        postgres.stop()
        shutil.rmtree(layout.postgres_folder, ignore_errors=True)


def compare(layout: Any) -> dict[str, float]:
    from django import setup

    setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    found = {way: run(way, layout) for way in WAYS}
    return {
        **{f"{way}_per_s": round(figures.per_s) for way, figures in found.items()},
        "ratio": round(found["inbox"].per_s / found["django_view"].per_s, 1),
        "lost": sum(lost(figures.references) for figures in found.values()),
        "ack_p99_ms": round(found["inbox"].ack_p99_ms, 1),
        "django_view_ack_p99_ms": round(found["django_view"].ack_p99_ms, 1),
        **{f"{way}_cpu_us": round(figures.cpu_us) for way, figures in found.items()},
        "connections": CONNECTIONS,
        "cores": os.cpu_count() or 0,
        "load_before": round(LOAD_BEFORE, 1),
    }


def run(way: str, layout: Any) -> Figures:
    """Start the server, measure it alone, stop it."""
    from config.stack import programs

    listener = programs.listen_on(0)
    port = int(listener.getsockname()[1])
    if way == "inbox":
        listener.close()
        server = programs.inbox(layout, port, {})
    else:
        server = programs.web(layout, listener, {})
    server.start()
    try:
        server.wait_until(lambda: answers(port), seconds=60)
        return measure(way, port)
    finally:
        server.stop(seconds=20)
        listener.close()


def answers(port: int) -> bool:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/providers/simulator/receipts/any/")
        return connection.getresponse().status == 405
    except OSError:
        return False
    finally:
        connection.close()


def lost(references: list[str]) -> int:
    """How many of these acknowledged receipts are not in the database."""
    from messaging.models import Receipt

    stored = set(Receipt.objects.values_list("reference", flat=True))
    return len(set(references) - stored)


WORDS = {
    "inbox_per_s": "receipts stored each second by one inbox process",
    "django_view_per_s": "the same by the Django view under gunicorn, two processes",
    "ratio": "times as many",
    "lost": "receipts acknowledged and not stored",
    "ack_p99_ms": "milliseconds to the inbox's answer, 99th percentile",
    "django_view_ack_p99_ms": "the same of the Django view",
    "inbox_cpu_us": "microseconds of one core for each receipt: client, inbox, database",
    "django_view_cpu_us": "the same with the Django view",
    "connections": "connections of the provider",
    "cores": "cores",
    "load_before": "load of the machine before it began",
}
LOAD_BEFORE = os.getloadavg()[0]


def show(figures: dict[str, float]) -> None:
    for name, words in WORDS.items():
        print(f"{figures[name]:>10}  {words}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
