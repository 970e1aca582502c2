"""A real inbox on a real socket, in a process of its own or beside the test."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import psycopg
import pytest

from messaging.carrier import signature
from messaging.inbox.server import serving
from messaging.inbox.store import Store, address
from tests.carrier import SECRET, database_url

T = TypeVar("T")
REPORT = {"id": "c-1", "reference": "m-1", "status": "delivered", "error_code": ""}


def path_of(reference: str) -> str:
    return f"/providers/simulator/receipts/{reference}/"


def signed(payload: object, *, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """A body and the headers that make it believed."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = signature.headers(secret, body=body, now=time.time())
    return body, headers | {"Content-Type": "application/json"}


@dataclass
class RunningInbox:
    url: str
    process: subprocess.Popen[str]

    def call(
        self, path: str, body: bytes, headers: Mapping[str, str], *, method: str = "POST"
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


def start_inbox(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "messaging.inbox", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url()},
    )


@contextmanager
def running_inbox() -> Iterator[RunningInbox]:
    process = start_inbox("--port", "0")
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        pytest.fail(f"the inbox did not start: {process.communicate()[1]}")
    try:
        yield RunningInbox(said.split()[-1], process)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@dataclass
class Watcher:
    """A look at the database past Django, which a coroutine may take."""

    connection: psycopg.Connection

    def kept(self) -> list[str]:
        """The references of the receipts that are committed."""
        rows = self.connection.execute("SELECT reference FROM messaging_receipt ORDER BY id")
        return [reference for (reference,) in rows]

    @contextmanager
    def writes_held_up(self) -> Iterator[None]:
        """Inside, no receipt can be written."""
        # Apart from our own: what a transaction sees of other sessions stands still.
        with psycopg.connect(**address()) as holder:
            holder.execute("LOCK TABLE messaging_receipt IN EXCLUSIVE MODE")
            yield

    def writers(self) -> list[int]:
        """The database's processes for INSERTs that are held up."""
        rows = self.connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND query LIKE '%INSERT INTO messaging_receipt%'"
        )
        return [pid for (pid,) in rows]

    def end(self, pid: int) -> None:
        self.connection.execute("SELECT pg_terminate_backend(%s)", [pid])


@dataclass
class Visit:
    """A provider that talks to an inbox beside the test."""

    port: int
    session: aiohttp.ClientSession
    database: Watcher
    sent: set[asyncio.Task[int]] = field(default_factory=set)

    async def post(self, reference: str, *, query: str = "", **told: Any) -> int:
        body, headers = signed(REPORT | told)
        path = f"{path_of(reference)}{query}"
        async with self.session.post(path, data=body, headers=headers) as answer:
            return answer.status

    def send(self, *references: str) -> None:
        """The same, without waiting for the answers."""
        self.sent |= {asyncio.create_task(self.post(reference)) for reference in references}

    async def answers(self) -> list[int]:
        return await asyncio.gather(*self.sent)

    async def answered_within(self, seconds: float) -> list[int]:
        done, _ = await asyncio.wait(self.sent, timeout=seconds)
        return [task.result() for task in done]

    async def writer(self) -> int:
        """The first INSERT that is held up, once there is one."""
        while not (found := self.database.writers()):
            await asyncio.sleep(0.01)
        return found[0]

    async def no_writer(self) -> None:
        while self.database.writers():
            await asyncio.sleep(0.01)


def visit(talk: Callable[[Visit], Awaitable[T]], *, store: Store | None = None) -> T:
    """Run `talk` beside an inbox; ten seconds at most."""

    async def run() -> T:
        async with (
            serving(store or Store(address()), host="127.0.0.1", port=0) as port,
            aiohttp.ClientSession(
                f"http://127.0.0.1:{port}", connector=aiohttp.TCPConnector(limit=0)
            ) as session,
            asyncio.timeout(10),
        ):
            return await talk(Visit(port, session, Watcher(connection)))

    with psycopg.connect(**address(), autocommit=True) as connection:
        return asyncio.run(run())
