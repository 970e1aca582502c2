"""How a request reaches a provider: at once, at most once, and not after its permission ended."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_writer import StreamWriter
from aiohttp.payload import BytesPayload

from messaging.providers.errors import NotWritten, SubmitError, Unclear

CONNECT_SECONDS = 3.0
IDLE_SECONDS = 5.0
# Unacknowledged bytes are given up with the whole request, not retransmitted for minutes.
USER_TIMEOUT_MS = 10_000


@dataclass(frozen=True)
class Answer:
    status: int
    retry_after: str
    body: bytes


class LastLook(BytesPayload):
    """A body that looks at the clock in the very step that hands it to the socket.

    aiohttp keeps the headers back until the body is there and writes both at once, so when this
    look refuses, no byte has left. Everything that can take time (pool, DNS, connect, TLS, the
    event loop) lies before it.
    """

    def __init__(self, body: bytes, *, not_after: float, written: Callable[[], None]) -> None:
        super().__init__(body, content_type="application/json")
        self.not_after = not_after
        self.refusal = ""
        self.is_written = False
        self._written = written

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        transport = writer.transport if isinstance(writer, StreamWriter) else None
        self.refusal = self._reason_against(transport)
        if self.refusal:
            raise NotWritten(self.refusal)
        self.is_written = True
        await super().write_with_length(writer, content_length)
        self._written()

    def _reason_against(self, transport: asyncio.Transport | None) -> str:
        if transport is None or transport.is_closing():
            return "connection_closed"
        # What waits in a buffer leaves later than any look.
        if transport.get_write_buffer_size():
            return "connection_busy"
        return "too_late" if time.monotonic() > self.not_after else ""


class Transport:
    """Kept-alive connections to one provider, per process and event loop."""

    def __init__(self, *, connections: int, deadline: float) -> None:
        """`deadline`: seconds for one request from its start to the last byte of its answer."""
        self._connections = connections
        self._deadline = deadline
        self._session: aiohttp.ClientSession | None = None
        self._owner: tuple[int, asyncio.AbstractEventLoop] | None = None

    async def close(self) -> None:
        session, self._session, self._owner = self._session, None, None
        if session is not None:
            await session.close()

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
        last_look = LastLook(body, not_after=not_after, written=written)
        try:
            return await self._exchange(url, last_look, headers)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            outcome = _outcome(last_look, error)
        # Outside the handler: the library's error names the request and stays behind.
        raise outcome

    async def _exchange(self, url: str, body: LastLook, headers: Mapping[str, str]) -> Answer:
        session = self._current_session()
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            retry_after = response.headers.get("Retry-After", "")
            return Answer(response.status, retry_after, await response.read())

    def _current_session(self) -> aiohttp.ClientSession:
        owner = (os.getpid(), asyncio.get_running_loop())
        if self._session is None or self._session.closed or self._owner != owner:
            self._session, self._owner = self._new_session(), owner
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._connections, keepalive_timeout=IDLE_SECONDS, socket_factory=_new_socket
        )
        timeout = aiohttp.ClientTimeout(total=self._deadline, connect=CONNECT_SECONDS)
        return aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
        )


def _new_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, *_ = address
    connection = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    return connection


def _outcome(body: LastLook, error: Exception) -> SubmitError:
    if not body.is_written:
        return NotWritten(body.refusal or _code(error))
    return Unclear(_code(error))


def _code(error: Exception) -> str:
    return "timeout" if isinstance(error, TimeoutError) else "connection_lost"
