"""A worker that hears nothing more of its broker ends, and whoever watches over it starts another.

Celery 5.7 counts a task whose acknowledgement failed as still in hand. When Redis restarts in just
that moment, a worker can have its hands full of nothing: it lives, notices no lost connection, and
never takes a task again.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Thread
from typing import Any

from celery import signals
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
LOOKS = 10  # in the time after which silence is too long


@dataclass
class Hearing:
    """When this worker last got a task, on its monotonic clock. Every queue has ticks, so that
    silence means something."""

    heard_at: float
    clock: Callable[[], float] = time.monotonic

    def note(self, **_about: object) -> None:
        self.heard_at = self.clock()

    def wait(self, seconds: float) -> None:
        """Where it took much longer, the whole process stood still, and may hear at first."""
        before = self.clock()
        time.sleep(seconds)
        if self.clock() - before > 2 * seconds:
            self.note()

    def is_lost(self, queues: Collection[str]) -> bool:
        """Nothing came for long, although something waits."""
        silent = self.clock() - self.heard_at > settings.WORKER_SILENT_SECONDS
        return silent and something_waits(queues)


def something_waits(queues: Collection[str]) -> bool:
    """In any of these queues. False while the broker is away: that deafens nobody."""
    broker = Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)
    try:
        return any(broker.llen(f"{settings.KEY_PREFIX}:{queue}") for queue in queues)
    except RedisError:
        return False
    finally:
        broker.close()


def watch(hearing: Hearing, queues: Collection[str]) -> None:
    """Look now and then; ask this process to end once it is deaf. It finishes what is in hand."""
    while not hearing.is_lost(queues):
        hearing.wait(settings.WORKER_SILENT_SECONDS / LOOKS)
    log.error("this worker hears nothing although tasks wait: it ends, to be started again")
    os.kill(os.getpid(), signal.SIGTERM)


def listen(sender: Any, **_about: object) -> None:
    """Begin to watch: the worker is ready."""
    hearing = Hearing(time.monotonic())
    for heard in (signals.task_received, signals.task_revoked):
        heard.connect(hearing.note, weak=False)
    queues = list(sender.app.amqp.queues.consume_from)
    Thread(target=watch, args=(hearing, queues), name="deafness", daemon=True).start()
