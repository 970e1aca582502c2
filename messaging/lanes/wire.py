"""The thread in which texts leave: one event loop per process, with open connections.

It does nothing else, so that a slow database never makes a text late. Turns are prepared and
their results recorded by whoever launches the flights.
"""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Coroutine
from typing import Any, TypeVar

from django.conf import settings

from messaging.lanes.deadman import dead_man
from messaging.lanes.permits import Permitted
from messaging.lanes.results import Result
from messaging.lanes.submission import Flight, submit
from messaging.limiter import LATE_SECONDS, Load
from messaging.providers.base import Provider, provider

T = TypeVar("T")
# Results are handed over in groups: waking the other thread costs more than a text.
GROUP_SECONDS = 0.004
CLOSES_WITHIN_SECONDS = 5.0
# Who looks at the clock that much later than it allows writes nothing.
OVER_SECONDS = 0.02


class Airborne:
    """The texts of a flight that may still be written; the last of them disarms the timer.

    Whoever was held up until none may be written need not die of it: the look puts them all back.
    """

    def __init__(self, flight: Flight) -> None:
        self.unwritten = {text.id for text in flight.texts}
        if time.monotonic() < flight.not_after:
            dead_man.watch(id(self), flight.killed_at)

    def is_written(self, id: int) -> None:
        """Or never will be."""
        self.unwritten.discard(id)
        if not self.unwritten:
            self.over()

    def over(self) -> None:
        dead_man.forget(id(self))


class Wire:
    """`launch`, `room` and `pause` are for the thread that prepares turns, `collect` for the one
    that records how they ended."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()
        # Each is changed by one thread only. Texts that leave at once are on the way from their
        # launch on, others from their start.
        self._out = 0
        self._collected = 0
        self._launched: Counter[Provider] = Counter()
        self._taken_off: Counter[Provider] = Counter()
        self._busy: Counter[Provider] = Counter()
        # By the id of the message; the loop itself would let go of them.
        self._tasks: dict[int, asyncio.Task[None]] = {}
        # What the loop collects, and what it has handed over.
        self._ended: list[Result] = []
        # By the id of the sender: what left later than it may.
        self._late: defaultdict[int, deque[Load]] = defaultdict(deque)
        self._handed_over: list[Result] = []
        self._arrived = threading.Condition()

    def room(self, carrier: Provider) -> int:
        """How many texts could leave to it now: more would only wait for a connection, and whoever
        says STOP would wait for them."""
        on_the_way = self._launched[carrier] - self._taken_off[carrier] + self._busy[carrier]
        return carrier.connections - on_the_way

    @property
    def is_empty(self) -> bool:
        """Whatever was launched was collected."""
        return self._out == self._collected

    def launch(self, flight: Flight) -> None:
        self._out += len(flight.texts)
        self._launched[flight.carrier] += flight.crowd
        self._loop.call_soon_threadsafe(self._take_off, flight)

    def collect(self, *, seconds: float) -> list[Result]:
        """What ended since the last call; waits so long for the first."""
        with self._arrived:
            if not self._handed_over and seconds > 0:
                self._arrived.wait(seconds)
            ended, self._handed_over = self._handed_over, []
        self._collected += len(ended)
        return ended

    def pause(self, *, seconds: float) -> None:
        """Wait so long, or until some texts ended."""
        with self._arrived:
            self._arrived.wait(seconds)

    def late(self, sender_id: int) -> deque[Load]:
        """What left so late that it took somebody else's slot. Whoever pays for it, takes it."""
        return self._late[sender_id]

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
        """Run it on the loop of the connections, and wait so long for its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        for name in settings.SMS_PROVIDERS:
            self.run(provider(name).close(), seconds=CLOSES_WITHIN_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSES_WITHIN_SECONDS)
        self._loop.close()

    def _take_off(self, flight: Flight) -> None:
        airborne = Airborne(flight)
        self._loop.call_at(flight.not_after + OVER_SECONDS, airborne.over)
        self._taken_off[flight.carrier] += flight.crowd
        for text in flight.texts:
            starts_at = flight.reserved_at + text.starts_after
            if starts_at <= time.monotonic():
                self._start(text, flight, airborne)
            else:
                self._loop.call_at(starts_at, self._start, text, flight, airborne)

    def _start(self, text: Permitted, flight: Flight, airborne: Airborne) -> None:
        self._busy[flight.carrier] += 1
        self._tasks[text.id] = self._loop.create_task(self._submit(text, flight, airborne))

    async def _submit(self, text: Permitted, flight: Flight, airborne: Airborne) -> None:
        left = functools.partial(self._left, text, flight, airborne)
        result = await submit(text, flight, left)
        airborne.is_written(text.id)
        if not self._ended:
            self._loop.call_later(GROUP_SECONDS, self._hand_over)
        self._ended.append(result)
        self._busy[flight.carrier] -= 1
        del self._tasks[text.id]

    def _left(self, text: Permitted, flight: Flight, airborne: Airborne) -> None:
        airborne.is_written(text.id)
        if time.monotonic() > flight.reserved_at + text.starts_after + LATE_SECONDS:
            self._late[flight.sender_id].append(Load(text.parts, text.country))

    def _hand_over(self) -> None:
        ended, self._ended = self._ended, []
        with self._arrived:
            self._handed_over += ended
            self._arrived.notify_all()


@functools.cache
def wire() -> Wire:
    """The one of this process."""
    return Wire()


def close_connections() -> None:
    """Let go of what this process holds open, at its end."""
    wire().close()
    wire.cache_clear()
