"""Receipts of many requests in one INSERT. Whoever brought one hears of it after the commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg

from messaging.inbox.store import Store
from messaging.providers.base import ReceiptReport

log = logging.getLogger(__name__)
# A group is closed when nothing new came for a moment: a provider with few connections waits for
# our answers before it sends more. A steady stream is cut after the longest wait.
QUIET_SECONDS = 0.004
LONGEST_WAIT_SECONDS = 0.02
LARGEST_GROUP = 1_000
MOST_WAITING = 20_000
WRITE_SECONDS = 5.0
# What a report can be to blame for. Everything else that goes wrong is ours, and is tried again.
UNKEEPABLE = (psycopg.DataError, psycopg.IntegrityError, UnicodeError)


class Unavailable(Exception):
    """Nothing of this request was kept, or nobody knows: it must come again."""


class Unkeepable(Exception):
    """The database takes no such report."""


@dataclass(frozen=True)
class Arrival:
    """What one request brought, and the promise that its answer waits for."""

    told: Sequence[tuple[str, ReceiptReport]]
    kept: asyncio.Future[None]

    def end(self, error: Exception | None = None) -> None:
        # Whoever waited may be gone.
        if self.kept.done():
            return
        if error is None:
            self.kept.set_result(None)
        else:
            self.kept.set_exception(error)


class Groups:
    """Collects what `keep` is given, while `work` runs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Arrival] = []
        self._something = asyncio.Event()
        self._is_failing = False
        self._abandoned: set[asyncio.Task[None]] = set()

    async def keep(self, provider: str, reports: Sequence[ReceiptReport]) -> None:
        """Return once the reports are committed; raises `Unavailable` or `Unkeepable`."""
        if not reports:
            return
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable
        told = [(provider, report) for report in reports]
        arrival = Arrival(told, asyncio.get_running_loop().create_future())
        self._waiting.append(arrival)
        self._something.set()
        await arrival.kept

    async def work(self) -> None:
        """Write group after group, for ever."""
        while True:
            await self._something.wait()
            await self._collect()
            group = self._waiting[:LARGEST_GROUP]
            del self._waiting[:LARGEST_GROUP]
            if not self._waiting:
                self._something.clear()
            await self._write(group)

    async def _collect(self) -> None:
        looks = round(LONGEST_WAIT_SECONDS / QUIET_SECONDS)
        for _ in range(looks):
            before = len(self._waiting)
            if before >= LARGEST_GROUP:
                return
            await asyncio.sleep(QUIET_SECONDS)
            if len(self._waiting) == before:
                return

    async def _write(self, group: Sequence[Arrival]) -> None:
        try:
            await self._commit(group)
        except UNKEEPABLE as error:
            await self._write_alone(group, error)
        except Exception as error:
            self._note_failure(error)
            _end(group, Unavailable())
        else:
            self._is_failing = False
            _end(group)

    async def _write_alone(self, group: Sequence[Arrival], error: Exception) -> None:
        """One cannot be kept: the others must not fall with it."""
        if len(group) == 1:
            log.error("a receipt cannot be kept: %s", type(error).__name__)
            _end(group, Unkeepable())
            return
        for arrival in group:
            await self._write([arrival])

    async def _commit(self, group: Iterable[Arrival]) -> None:
        """Write the group; `TimeoutError` where the database does not say that it did."""
        told = [report for arrival in group for report in arrival.told]
        writing = asyncio.create_task(self._store.write(told))
        done, _ = await asyncio.wait({writing}, timeout=WRITE_SECONDS)
        if not done:
            # It may hang for as long as the database does; nobody waits for that.
            self._abandoned.add(writing)
            writing.add_done_callback(self._forget)
            writing.cancel()
            raise TimeoutError
        writing.result()

    def _forget(self, abandoned: asyncio.Task[None]) -> None:
        self._abandoned.discard(abandoned)
        if not abandoned.cancelled():
            abandoned.exception()

    def _note_failure(self, error: Exception) -> None:
        if not self._is_failing:
            log.error("receipts cannot be kept, providers send them again", exc_info=error)
        self._is_failing = True


def _end(group: Iterable[Arrival], error: Exception | None = None) -> None:
    for arrival in group:
        arrival.end(error)
