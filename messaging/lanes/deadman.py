"""The timer that ends a process which was frozen between its last look at the clock and the write.

A look and the write behind it are one step of one thread, but an operating system can stop a
process between any two steps and let it go on a minute later. A signal that is due by then is
delivered before anything else happens, and this one kills. What was leaving becomes `unknown`.
"""

from __future__ import annotations

import signal
import time


class DeadMan:
    """Armed for the earliest moment at which a permission that may still be used is over.

    Only a process that somebody starts again is armed: a worker of Celery's pool.
    """

    def __init__(self) -> None:
        self.is_armed = False
        self._over_at: dict[int, float] = {}

    def watch(self, key: int, over_at: float) -> None:
        """Nothing under `key` may be written any more at `over_at` (`time.monotonic()`)."""
        self._over_at[key] = over_at
        self._set()

    def forget(self, key: int) -> None:
        """Nothing under `key` is left to be written."""
        if self._over_at.pop(key, None) is not None:
            self._set()

    def _set(self) -> None:
        if not self.is_armed:
            return
        seconds = 0.0
        if self._over_at:
            seconds = max(min(self._over_at.values()) - time.monotonic(), 0.000_001)
        signal.setitimer(signal.ITIMER_REAL, seconds)


dead_man = DeadMan()


def arm() -> None:
    """In a worker process, before its first turn. Whatever ignored the signal no longer does."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    dead_man.is_armed = True
