"""The web processes that are watched: `gunicorn bench.web`.

It is the product's own application. For each STOP that is about to be answered one line goes to
the file BENCH_WAITS: seconds of CLOCK_MONOTONIC when it had done waiting, the subscriber's id, and
whether it had found a text of theirs leaving.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from config.wsgi import application
from messaging import silence
from messaging.operations import inbound

__all__ = ["application"]
_here = threading.local()
_file = os.open(os.environ["BENCH_WAITS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class Clock:
    """Stands in for the module `time` there, and notices who sleeps."""

    monotonic = staticmethod(time.monotonic)

    @staticmethod
    def sleep(seconds: float) -> None:
        _here.waited = True
        time.sleep(seconds)


def await_silence(subscriber_id: int, *, locked_at: float) -> float:
    _here.waited = False
    seconds = silence.await_silence(subscriber_id, locked_at=locked_at)
    os.write(_file, f"{time.monotonic():.6f} {subscriber_id} {int(_here.waited)}\n".encode())
    return seconds


clock: Any = Clock
silence.time = clock
inbound.await_silence = await_silence
