"""The Celery app of workers that can be struck: `celery -A tests.chaos.app`.

The same app as ever; only each process that works sets the traps of tests.chaos.points first, and
where CHAOS_CLOCK_SECONDS says so, goes by a clock that is off.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from celery.signals import worker_process_init
from django.utils import timezone

from config.celery import app
from tests.chaos.points import Traps, set_traps

__all__ = ["app"]


def begin(**_about: object) -> None:
    set_traps(Traps(Path(os.environ["CHAOS_FOLDER"])))
    _shift_clocks(float(os.environ.get("CHAOS_CLOCK_SECONDS", "0")))


def _shift_clocks(seconds: float) -> None:
    """The clocks of the wall; the monotonic one of a machine is never set."""
    now, unix = timezone.now, time.time
    if seconds:
        timezone.now = lambda: now() + timedelta(seconds=seconds)
        time.time = lambda: unix() + seconds


worker_process_init.connect(begin, weak=False)
