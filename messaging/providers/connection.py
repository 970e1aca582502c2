"""One open connection to a provider, and the one request that is on it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools

from messaging.providers.errors import NotWritten

LONGEST_ANSWER = 256 * 1024
# Read at once. asyncio would allocate 256 KiB for every answer, and give most of it back.
READ_BYTES = 4096


@dataclass(frozen=True)
class Answer:
    status: int
    retry_after: str
    body: bytes


class Connection(asyncio.BufferedProtocol):
    """HTTP/1.1 without pipelining: nothing is written before the last answer is read."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer | str] | None = None
        self._idle_since = time.monotonic()
        self._is_spent = False
        self._arrived = memoryview(bytearray(READ_BYTES))
        self._parser = httptools.HttpResponseParser(self)
        self._begin_reading()

    @property
    def socket(self) -> socket.socket | None:
        found = self._transport.get_extra_info("socket") if self._transport else None
        return cast("socket.socket | None", found)

    @property
    def is_reusable(self) -> bool:
        is_open = self._transport is not None and not self._transport.is_closing()
        return is_open and not self._is_spent and self._answer is None

    def is_fresh(self, seconds: float) -> bool:
        return self.is_reusable and time.monotonic() - self._idle_since < seconds

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def exchange(
        self, request: bytes, *, not_after: float, ends_at: float, written: Callable[[], None]
    ) -> Answer | str:
        """Write it, unless it is later than `not_after`, then raises NotWritten.

        What comes back is the answer, or a word for why none came that can be read. Times are of
        `time.monotonic()`.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer | str] = loop.create_future()
        self._look(not_after)
        self._write(request)
        self._answer = answer
        written()
        deadline = loop.call_at(ends_at, self._fail, "timeout")
        try:
            return await answer
        finally:
            deadline.cancel()
            # Whoever is cancelled leaves an answer behind that is nobody's.
            self._is_spent |= answer.cancelled()
            self._answer, self._idle_since = None, time.monotonic()

    def _look(self, not_after: float) -> None:
        """The last look. Whatever is added between it and the write is a way to text too late."""
        if self._transport is None or self._transport.is_closing():
            raise NotWritten("connection_closed")
        # What waits in a buffer leaves later than any look.
        if self._transport.get_write_buffer_size():
            raise NotWritten("connection_busy")
        if time.monotonic() > not_after:
            raise NotWritten("too_late")

    def _write(self, request: bytes) -> None:
        cast("asyncio.Transport", self._transport).write(request)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._arrived

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._parser.feed_data(self._arrived[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("unreadable_answer")
        if self._is_reading and not self._is_awaited:
            # Nobody asked: whatever it is, it must not become the next text's answer.
            self._fail("unreadable_answer")

    def connection_lost(self, error: Exception | None) -> None:
        if self._ends_with_connection and error is None:
            self.on_message_complete()
        self._fail("connection_lost")

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._begin_reading()
        self._is_reading = True

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"retry-after":
            self._retry_after = value.decode("latin-1")
        self._has_length |= name in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        self._ends_with_connection = not self._has_length

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > LONGEST_ANSWER:
            self._fail("unreadable_answer")

    def on_message_complete(self) -> None:
        self._is_reading = self._ends_with_connection = False
        status = self._parser.get_status_code()
        # 1xx only announces the answer.
        if status < 200:
            return
        self._is_spent |= not (self._is_awaited and self._parser.should_keep_alive())
        if self._answer is not None and self._is_awaited:
            self._answer.set_result(Answer(status, self._retry_after, bytes(self._body)))

    @property
    def _is_awaited(self) -> bool:
        return self._answer is not None and not self._answer.done()

    def _begin_reading(self) -> None:
        self._body = bytearray()
        self._retry_after = ""
        self._has_length = self._ends_with_connection = self._is_reading = False

    def _fail(self, code: str) -> None:
        self._is_spent = True
        if self._answer is not None and self._is_awaited:
            self._answer.set_result(code)
        self.abort()
