"""What the carrier tells its customer: receipts, and texts that people send."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import aiohttp

from messaging.carrier import signature

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
RECEIPT_TRIES = 6
TIMEOUT = aiohttp.ClientTimeout(total=15)
CONNECTIONS = 32


class Webhooks:
    """Signed POSTs to the customer. `taken` is told the id of each reply that arrived."""

    def __init__(self, *, secret: str, inbound_url: str, taken: Callable[[str], None]) -> None:
        self._secret = secret
        self._inbound_url = inbound_url
        self._taken = taken
        self._tasks: set[asyncio.Task[None]] = set()
        self._replies: dict[str, deque[dict[str, str]]] = {}
        self._session: aiohttp.ClientSession

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            timeout=TIMEOUT, connector=aiohttp.TCPConnector(limit=CONNECTIONS)
        )

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    def send_receipt(self, url: str, report: Mapping[str, str], *, after: float) -> None:
        self._run(self._deliver_receipt(url, report, after))

    def send_reply(self, phone_id: str, reply: dict[str, str]) -> None:
        """Deliver after every earlier reply of that phone, however long those take."""
        if phone_id in self._replies:
            self._replies[phone_id].append(reply)
        else:
            self._replies[phone_id] = deque([reply])
            self._run(self._deliver_replies(phone_id))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver_receipt(self, url: str, report: Mapping[str, str], after: float) -> None:
        await asyncio.sleep(after)
        pause = FIRST_PAUSE
        for _ in range(RECEIPT_TRIES):
            if await self._post(url, report):
                return
            await asyncio.sleep(pause)
            pause *= 2

    async def _deliver_replies(self, phone_id: str) -> None:
        waiting = self._replies[phone_id]
        while waiting:
            pause = FIRST_PAUSE
            while not await self._post(self._inbound_url, waiting[0]):
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            self._taken(waiting.popleft()["id"])
        del self._replies[phone_id]

    async def _post(self, url: str, payload: Mapping[str, str]) -> bool:
        body = json.dumps(payload).encode()
        headers = signature.headers(self._secret, body=body, now=time.time())
        headers["Content-Type"] = "application/json"
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
