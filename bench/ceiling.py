"""How fast a bare HTTP client reaches the carrier: no database, no rules, nothing but requests.

`python bench/ceiling.py COUNT own` sends that many from one process, `AT_ONCE` together as a turn
does, by the product's own transport; `... aiohttp` by that library with the same settings. The last
line is what one request cost: microseconds of processor time.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from messaging.providers.transport import Transport

AT_ONCE = 250
BODY = "Harbor Street Library: Open late on Friday. Reply STOP to end these texts."


HEADERS = {"Authorization": "Bearer only-for-tests"}
Post = Callable[[bytes], Awaitable[int]]


async def send(count: int, client: str) -> None:
    async with CLIENTS[client]() as post:
        began = time.process_time()
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            answers = await asyncio.gather(*(post(_payload(nth)) for nth in numbers))
            if set(answers) != {201}:
                raise SystemExit(f"the carrier answered {set(answers)}")
        print(round((time.process_time() - began) / count * 1e6, 1))


@asynccontextmanager
async def own() -> AsyncIterator[Post]:
    transport = Transport(connections=AT_ONCE, deadline=10.0)

    async def post(body: bytes) -> int:
        not_after = time.monotonic() + 10
        answer = await transport.post(_address(), body, HEADERS, not_after=not_after, written=int)
        return answer.status

    yield post
    await transport.close()


@asynccontextmanager
async def by_aiohttp() -> AsyncIterator[Post]:
    connector = aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=5.0)
    jar = aiohttp.DummyCookieJar()
    headers = HEADERS | {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session:

        async def post(body: bytes) -> int:
            async with session.post(_address(), data=body, headers=headers) as response:
                await response.read()
                return response.status

        yield post


CLIENTS = {"own": own, "aiohttp": by_aiohttp}


def _address() -> str:
    return f"{os.environ['CARRIER_URL']}/messages"


def _payload(nth: int) -> bytes:
    payload = {
        "to": f"+4471{nth:08}",
        "from": "Library",
        "text": BODY,
        "receipt_url": "http://127.0.0.1:2/providers/simulator/receipts/1.abcdefghijklmnopqrstuv/",
        "reference": f"ceiling-{os.getpid()}-{nth}",
    }
    return json.dumps(payload).encode()


if __name__ == "__main__":
    asyncio.run(send(int(sys.argv[1]), sys.argv[2]))
