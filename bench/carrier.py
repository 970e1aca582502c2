"""The judge of the benchmarks: a carrier that takes texts very fast and writes down each.

It speaks the protocol of the simulated carrier and shares no code with what it judges. Each
accepted text is one line of its log: seconds of CLOCK_MONOTONIC (the same for all processes of a
machine) when the request was complete, our reference, the number.

    python bench/carrier.py --port 7001 --log texts.log [--latency-ms 50] [--receipts single]

The secret of its customer comes in CARRIER_SECRET.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

FLUSH_SECONDS = 0.02
BATCHED = 400
END_OF_HEAD = b"\r\n\r\n"
HEADS_KEPT = 10_000
REFUSALS = {
    400: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    401: b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    404: b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
}
YES = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


class Log:
    """Lines of "seconds reference number", on disk 20 ms later at most."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lines: list[str] = []

    def write(self, at: float, reference: str, number: str) -> None:
        self._lines.append(f"{at:.6f} {reference} {number}\n")

    def flush(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            self._file.write("".join(lines).encode())

    async def flush_often(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self.flush()


class Receipts:
    """Signed POSTs over connections of our own that stay open, each about `most` texts at most."""

    def __init__(self, secret: str, connections: int, *, most: int) -> None:
        self._secret = secret.encode()
        self._most = most
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._tasks = [asyncio.create_task(self._deliver()) for _ in range(connections)]
        self.refused = 0

    def send(self, url: str, reference: str) -> None:
        self._waiting.put_nowait((url, reference))

    async def _deliver(self) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while True:
            reports = await self._next()
            where = urlsplit(reports[0][0])
            try:
                if streams is None:
                    streams = await asyncio.open_connection(where.hostname, where.port)
                request = self._request(where.netloc, where.path, [each for _url, each in reports])
                stays = await self._post(streams, request)
            except (OSError, asyncio.IncompleteReadError):
                # Given back: the next round opens a new connection.
                for report in reports:
                    self._waiting.put_nowait(report)
                await asyncio.sleep(0.05)
                stays = False
            if not stays and streams is not None:
                streams[1].close()
                streams = None

    async def _next(self) -> list[tuple[str, str]]:
        reports = [await self._waiting.get()]
        while len(reports) < self._most and not self._waiting.empty():
            reports.append(self._waiting.get_nowait())
        return reports

    async def _post(
        self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
    ) -> bool:
        reader, writer = streams
        writer.write(request)
        head = (await reader.readuntil(END_OF_HEAD)).lower()
        self.refused += not head.startswith(b"http/1.1 2")
        length = number_after(head, b"content-length:")
        if length:
            await reader.readexactly(length)
        return b"connection: close" not in head

    def _request(self, host: str, path: str, references: list[str]) -> bytes:
        reports = [{"reference": each, "status": "delivered"} for each in references]
        payload = {"reports": reports} if self._most > 1 else reports[0]
        return signed_request(host, path, payload, secret=self._secret)


def signed_request(host: str, path: str, payload: Mapping[str, Any], *, secret: bytes) -> bytes:
    """A webhook of this carrier, as bytes for the wire."""
    body = json.dumps(payload).encode()
    timestamp = str(int(time.time()))
    signed = hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"X-Carrier-Timestamp: {timestamp}\r\nX-Carrier-Signature: {signed.hexdigest()}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def number_after(head: bytes, name: bytes) -> int:
    """The number behind a field's name in lower case; 0 without that field."""
    _before, found, rest = head.partition(name)
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


class Desk:
    """What all connections share: who may come in, the log, the latency, the receipts."""

    def __init__(self, log: Log, secret: str, latency: float, receipts: Receipts | None) -> None:
        self._authorization = f"Bearer {secret}"
        self._heads: dict[bytes, tuple[int, int]] = {}
        self._taken = 0
        self.log, self.latency, self.receipts = log, latency, receipts

    def read_head(self, head: bytes) -> tuple[int, int]:
        """Status (201 when all is well) and length of the body.

        A client's heads repeat but for the length, so each is read once.
        """
        known = self._heads.get(head)
        if known is None:
            known = self._read_head(head)
            if len(self._heads) < HEADS_KEPT:
                self._heads[head] = known
        return known

    def _read_head(self, head: bytes) -> tuple[int, int]:
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = dict(_fields(lines))
        try:
            length = int(fields["content-length"])
        except (KeyError, ValueError):
            return 400, 0
        if not first.startswith("POST /messages "):
            return 404, length
        allowed = hmac.compare_digest(fields.get("authorization", ""), self._authorization)
        return (201 if allowed else 401), length

    def take(self, body: bytes) -> bytes:
        """Write the text down; the answer."""
        at = time.monotonic()
        try:
            text = json.loads(body)
            reference, number = text["reference"], text["to"]
        except (ValueError, KeyError, TypeError):
            return REFUSALS[400]
        self.log.write(at, reference, number)
        if self.receipts:
            self.receipts.send(text["receipt_url"], reference)
        self._taken += 1
        answer = b'{"id": "%d"}' % self._taken
        return YES % (len(answer), answer)


def _fields(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


class Connection(asyncio.Protocol):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while True:
            end = self._unread.find(END_OF_HEAD)
            if end < 0:
                return
            status, length = self._desk.read_head(self._unread[:end])
            after = end + len(END_OF_HEAD) + length
            if len(self._unread) < after:
                return
            body, self._unread = self._unread[after - length : after], self._unread[after:]
            self._answer(self._desk.take(body) if status == 201 else REFUSALS[status])

    def _answer(self, answer: bytes) -> None:
        if self._desk.latency:
            asyncio.get_running_loop().call_later(self._desk.latency, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def serve(options: argparse.Namespace) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    secret, log = os.environ["CARRIER_SECRET"], Log(options.log)
    most = {"none": 0, "single": 1, "batched": BATCHED}[options.receipts]
    receipts = Receipts(secret, options.connections, most=most) if most else None
    desk = Desk(log, secret, options.latency_ms / 1000, receipts)
    flushing = asyncio.create_task(log.flush_often())
    server = await loop.create_server(
        lambda: Connection(desk), "127.0.0.1", options.port, backlog=1024
    )
    async with server:
        await stop.wait()
    flushing.cancel()
    log.flush()
    if receipts and receipts.refused:
        print(f"{receipts.refused} receipts were refused")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--receipts", choices=("none", "single", "batched"), default="none")
    parser.add_argument("--connections", type=int, default=64, help="of the receipts")
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with contextlib.suppress(KeyboardInterrupt), runner:
        runner.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
