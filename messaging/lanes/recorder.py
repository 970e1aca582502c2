"""The thread in which it is written down how texts ended, on a database connection of its own.

Whoever said STOP waits until nothing of theirs is on its way, so what was answered must not wait
for the next turn to be decided.
"""

from __future__ import annotations

import functools
import logging
import threading
import time

from django.db import close_old_connections

from messaging.lanes.results import Result
from messaging.lanes.turn import end_turns
from messaging.lanes.wire import Wire, wire

log = logging.getLogger(__name__)
# A statement has its costs: it waits a moment for more.
TOGETHER = 100
WITHIN_SECONDS = 0.005
LOOKS_EVERY_SECONDS = 1.0


class Recorder:
    """`expect` and `is_idle` are for the thread that launches."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        # Each is changed by one thread only.
        self._expected = self._done = 0
        self._thread = threading.Thread(target=self._record_always, name="recorder", daemon=True)

    def expect(self, texts: int) -> None:
        """So many are about to be launched."""
        self._expected += texts
        if not self._thread.is_alive():
            self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Everything that left is recorded."""
        return self._done == self._expected

    def _record_always(self) -> None:
        while True:
            ended = self._next()
            try:
                end_turns(ended)
            except Exception:
                # They stay as they are, and become unknown.
                log.exception("%d results were not recorded", len(ended))
            self._done += len(ended)

    def _next(self) -> list[Result]:
        while not (ended := self._wire.collect(seconds=LOOKS_EVERY_SECONDS)):
            # After a rest the connection may be gone; it is looked at before the next statement.
            close_old_connections()
        until = time.monotonic() + WITHIN_SECONDS
        while len(ended) < TOGETHER and (left := until - time.monotonic()) > 0:
            ended += self._wire.collect(seconds=left)
        return ended


@functools.cache
def recorder() -> Recorder:
    """The one of this process."""
    return Recorder(wire())
