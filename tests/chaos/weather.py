"""What befalls everybody at once: the cache, the database, the carrier."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Timer

from django.conf import settings
from django.db import Error, connection, connections
from redis import Redis
from redis.exceptions import RedisError

from config.stack.postgres import Postgres
from config.stack.valkey import Valkey
from tests.carrier import NORMAL, wait_until
from tests.chaos.points import Traps

FROZEN_SECONDS = 4.0
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
FINE = NORMAL | {"receipts": "delivered"}
CARRIER = {
    "fine": {},
    "429": {"failure": "throttle", "share": 50},
    "5xx after accepting": {"failure": "server_error_after_accepting", "share": 40},
    "hangs": {"failure": "hang", "share": 5},
    "lost responses": {"lost_responses": 30},
    "receipts doubled and before the answer": {"delay_ms": 300, "receipts_doubled": True},
    "receipts in reverse order": {"receipts_reversed": True, "receipts_doubled": True},
    "slow": {"delay_ms": 1500},
}


@dataclass
class Weather:
    """The two servers, which must be ours alone, and what was done to them."""

    postgres: Postgres
    valkey: Valkey
    traps: Traps
    cache_losses: list[float] = field(default_factory=list)
    thaw: Timer | None = None

    def strikes(self) -> dict[str, Callable[[], None]]:
        return {
            "cache restarted": self.restart_cache,
            "cache killed": self.kill_cache,
            "cache emptied": self.empty_cache,
            "cache silent": self.freeze_cache,
            "cache connections reset": self.reset_cache_connections,
            "database restarted": self.restart_database,
            "database crashed": self.crash_database,
            "database sessions ended": self.end_sessions,
        }

    def strike(self, label: str) -> None:
        self.clear()
        self.traps.note("weather", label)
        self.strikes()[label]()

    def clear(self) -> None:
        """Wait until the cache is no longer frozen."""
        if self.thaw is not None:
            self.thaw.join()

    def restart_cache(self) -> None:
        with self._losing_the_cache():
            self.valkey.stop()
            self.valkey.start()

    def kill_cache(self) -> None:
        with self._losing_the_cache():
            _signal(self.valkey, signal.SIGKILL)
            self.valkey.child.end(deadline=time.monotonic() + 5)
            self.valkey.start()

    def empty_cache(self) -> None:
        with self._losing_the_cache(), the_cache() as cache:
            cache.flushall()

    def freeze_cache(self) -> None:
        """Connections stay open and nothing answers, as behind a black hole."""
        _signal(self.valkey, signal.SIGSTOP)
        self.thaw = Timer(FROZEN_SECONDS, _signal, [self.valkey, signal.SIGCONT])
        self.thaw.start()

    def reset_cache_connections(self) -> None:
        with the_cache() as cache:
            cache.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def restart_database(self) -> None:
        connections.close_all()
        self.postgres.stop()
        self.postgres.start()

    def crash_database(self) -> None:
        connections.close_all()
        _signal(self.postgres, signal.SIGQUIT)
        self.postgres.child.end(deadline=time.monotonic() + 20)
        self.postgres.start()

    def end_sessions(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(OTHERS)

    @contextmanager
    def _losing_the_cache(self) -> Iterator[None]:
        """Both moments count: what was granted before is forgotten by the second."""
        yield
        self.cache_losses.append(time.monotonic())


def _signal(server: Postgres | Valkey, number: int) -> None:
    assert server.child.process is not None
    os.kill(server.child.process.pid, number)


@contextmanager
def the_cache() -> Iterator[Redis]:
    cache = Redis.from_url(settings.REDIS_URL, socket_timeout=10)
    try:
        yield cache
    finally:
        cache.close()


def settle() -> None:
    """Until both servers answer this process again."""
    connections.close_all()
    wait_until(_answer, seconds=60)


def _answer() -> bool:
    try:
        with the_cache() as cache, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cache.ping())
    except (Error, RedisError):
        connection.close()
        return False
