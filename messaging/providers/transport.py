"""How a request reaches a provider: at once, at most once, and not after its permission ended.

A client of our own, since the look at the clock has to stand directly above the write to the
socket, with nothing in between that can wait; libraries have queues, pools, name look-ups and
handshakes there. asyncio's own event loop hands bytes to the kernel in the same call, faster loops
gather them first. What comes back is read by llhttp.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from messaging.providers.connection import Answer, Connection
from messaging.providers.errors import NotWritten, Unanswered, Unclear

CONNECT_SECONDS = 3.0
IDLE_SECONDS = 5.0
# Unacknowledged bytes are given up with the whole request, not retransmitted for minutes.
USER_TIMEOUT_MS = 10_000

__all__ = ["Answer", "Transport"]


@dataclass(frozen=True)
class Place:
    """Where a request goes."""

    host: str
    port: int
    tls: bool

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"


@dataclass
class Pool:
    """The connections to one place. Nobody gets one that lay idle for long: whoever closed it may
    not have been heard yet."""

    most: int
    owner: tuple[int, asyncio.AbstractEventLoop]
    open: int = 0
    idle: list[Connection] = field(default_factory=list)
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def take(self, place: Place) -> Connection:
        while not (self.idle or self.open < self.most):
            await self._turn()
        while self.idle:
            connection = self.idle.pop()
            if connection.is_fresh(IDLE_SECONDS):
                return connection
            self._drop(connection)
        self.open += 1
        try:
            return await _connect(place)
        except BaseException:
            self.open -= 1
            self._wake_one()
            raise

    def give_back(self, connection: Connection) -> None:
        if connection.is_reusable:
            self.idle.append(connection)
        else:
            self._drop(connection)
        self._wake_one()

    def close(self) -> None:
        while self.idle:
            self._drop(self.idle.pop())

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._wake_one()
            raise

    def _drop(self, connection: Connection) -> None:
        connection.abort()
        self.open -= 1

    def _wake_one(self) -> None:
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return


class Transport:
    """Kept-alive connections to one provider, per process and event loop."""

    def __init__(self, *, connections: int, deadline: float) -> None:
        """`deadline`: seconds for one request from its start to the last byte of its answer."""
        self._connections = connections
        self._deadline = deadline
        self._pools: dict[Place, Pool] = {}

    async def close(self) -> None:
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        not_after: float,
        written: Callable[[], None],
    ) -> Answer:
        """One request, never repeated; raises NotWritten or Unclear where there is no answer."""
        place, head = _head("POST", url, tuple(headers.items()))
        length = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        request = b"".join((head, length, body))
        answer = await self._exchange(place, request, not_after, written)
        if isinstance(answer, str):
            raise Unclear(answer)
        return answer

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """A question that changes nothing on the other side; raises Unanswered."""
        answer: Answer | str
        try:
            place, head = _head("GET", url, tuple(headers.items()))
            not_after = time.monotonic() + self._deadline
            answer = await self._exchange(place, head + b"\r\n", not_after, lambda: None)
        except NotWritten as error:
            answer = error.code
        if isinstance(answer, str):
            raise Unanswered(answer)
        return answer

    async def _exchange(
        self, place: Place, request: bytes, not_after: float, written: Callable[[], None]
    ) -> Answer | str:
        ends_at = time.monotonic() + self._deadline
        pool = self._pool(place)
        connection = await self._connection(pool, place)
        try:
            return await connection.exchange(
                request, not_after=not_after, ends_at=ends_at, written=written
            )
        finally:
            pool.give_back(connection)

    async def _connection(self, pool: Pool, place: Place) -> Connection:
        if pool.idle and pool.idle[-1].is_fresh(IDLE_SECONDS):
            return pool.idle.pop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await pool.take(place)
        except TimeoutError:
            code = "timeout"
        except (OSError, ValueError):
            code = "connection_lost"
        # Outside the handlers: what went wrong names the address, and stays behind.
        raise NotWritten(code)

    def _pool(self, place: Place) -> Pool:
        owner = (os.getpid(), asyncio.get_running_loop())
        pool = self._pools.get(place)
        if pool is None or pool.owner != owner:
            pool = self._pools[place] = Pool(self._connections, owner)
        return pool


def _place(url: str) -> tuple[Place, str]:
    """Where it leads, and the path there with its query."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        place = Place(parts.hostname or "", parts.port or (443 if tls else 80), tls)
        return place, f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}"
    raise NotWritten("bad_address")


@functools.lru_cache(maxsize=256)
def _head(method: str, url: str, headers: tuple[tuple[str, str], ...]) -> tuple[Place, bytes]:
    """Where it goes, and everything before the length: the same for all texts of a provider."""
    place, path = _place(url)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {place.host_header}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join([*lines, ""])
    if head.count("\n") != len(lines) or not head.isascii():
        raise NotWritten("bad_header")
    return place, head.encode()


async def _connect(place: Place) -> Connection:
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context() if place.tls else None
    _transport, connection = await loop.create_connection(
        Connection, place.host, place.port, ssl=context
    )
    _give_up_unacknowledged(connection.socket)
    return connection


def _give_up_unacknowledged(connection: socket.socket | None) -> None:
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
