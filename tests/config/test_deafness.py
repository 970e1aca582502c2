"""A worker that gets nothing although something waits ends; every other silence is none."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from redis import Redis

from config.deafness import Hearing

QUEUE = "a-queue-of-this-test"
# A process of its own, which is to end as a worker would.
WATCH = f"""
import time, tests.settings, django; django.setup()
from config.deafness import Hearing, watch
watch(Hearing(time.monotonic() - 1000), ["{QUEUE}"])
time.sleep(60)
"""


@pytest.fixture
def waiting() -> Iterator[str]:
    """Something waits in the queue."""
    key = f"{django_settings.KEY_PREFIX}:{QUEUE}"
    broker = Redis.from_url(django_settings.REDIS_URL)
    broker.rpush(key, "a task")
    yield QUEUE
    broker.delete(key)
    broker.close()


def silent_for(seconds: float) -> Hearing:
    return Hearing(0.0, clock=lambda: seconds)


def test_long_silence_beside_a_full_queue_is_deafness(waiting):
    assert silent_for(61).is_lost([waiting])


def test_a_task_in_time_is_hearing(waiting):
    hearing = Hearing(0.0, clock=lambda: 61)
    hearing.note(sender="the consumer", request=None)
    assert not hearing.is_lost([waiting])


def test_silence_while_nothing_waits_is_rest(waiting):
    assert not silent_for(61).is_lost(["another"])


def test_a_broker_that_is_away_deafens_nobody(waiting, settings):
    settings.REDIS_URL = "unix:///nowhere/valkey.sock?db=0"
    assert not silent_for(61).is_lost([waiting])


def test_a_deaf_worker_is_asked_to_end(waiting):
    done = subprocess.run([sys.executable, "-c", WATCH], capture_output=True, text=True, timeout=50)
    assert done.returncode == -signal.SIGTERM
    assert "hears nothing" in done.stderr


def test_whoever_stood_still_may_hear_at_first(waiting):
    """Frozen for 100 seconds in the middle of a short wait, with a task waiting since."""
    times = iter([100, 200, 200, 230])
    hearing = Hearing(90.0, clock=lambda: next(times))
    hearing.wait(0.001)
    assert not hearing.is_lost([waiting])


def test_an_ordinary_wait_is_part_of_the_silence(waiting):
    times = iter([100, 100.0015, 170])
    hearing = Hearing(100.0, clock=lambda: next(times))
    hearing.wait(0.001)
    assert hearing.is_lost([waiting])
