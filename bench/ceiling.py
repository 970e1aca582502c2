"""How fast a bare HTTP client reaches the carrier: no database, no rules, nothing but requests.

`python bench/ceiling.py COUNT` sends that many from one process, `AT_ONCE` together as a turn does,
with the settings of the product's transport.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

import aiohttp

AT_ONCE = 250
BODY = "Harbor Street Library: Open late on Friday. Reply STOP to end these texts."


async def send(count: int) -> None:
    connector = aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=5.0)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session:
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            await asyncio.gather(*(_post(session, nth) for nth in numbers))


async def _post(session: aiohttp.ClientSession, nth: int) -> None:
    payload = {
        "to": f"+4471{nth:08}",
        "from": "Library",
        "text": BODY,
        "receipt_url": "http://127.0.0.1:2/providers/simulator/receipts/abcdefghijklmnopqrstuv/",
        "reference": f"ceiling-{os.getpid()}-{nth}",
    }
    headers = {"Authorization": "Bearer only-for-tests", "Content-Type": "application/json"}
    address = f"{os.environ['CARRIER_URL']}/messages"
    async with session.post(address, data=json.dumps(payload), headers=headers) as response:
        if response.status != 201:
            raise SystemExit(f"the carrier answered {response.status}")
        await response.read()


if __name__ == "__main__":
    asyncio.run(send(int(sys.argv[1])))
