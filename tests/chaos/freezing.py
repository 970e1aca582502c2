"""A worker that the operating system stops between its last look at the clock and the write."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Any

import psutil

from config.stack.processes import is_alive
from messaging.models import Message
from tests.carrier import wait_until
from tests.chaos.points import LOOKED
from tests.chaos.storm import Storm
from tests.chaos.waves import Wave


@dataclass(frozen=True)
class Thawed:
    """Whose text it was, and whether the worker died as it woke."""

    reference: str
    number: str
    died: bool


def freeze_through_a_stop(storm: Storm, about: Wave) -> Thawed:
    """Freeze a worker there; the person says STOP, and only once they were told that it holds the
    worker is let go on. Returns when it is gone, or has written all the same."""
    before = len(_freezes(storm))
    storm.traps.arm(LOOKED, "freeze")
    wait_until(lambda: len(_freezes(storm)) > before, seconds=30)
    frozen = _freezes(storm)[-1]
    worker, reference = psutil.Process(frozen["pid"]), frozen["detail"]
    number = about.numbers[Message.objects.get(pk=reference.partition(".")[0]).subscriber_id]
    storm.stops(number, " while the worker with their text is frozen")
    wait_until(lambda: number in storm.town.acknowledged(), seconds=30)
    os.kill(worker.pid, signal.SIGCONT)
    wait_until(lambda: not is_alive(worker) or _left(storm, reference), seconds=30)
    return Thawed(reference, number, died=not is_alive(worker))


def _freezes(storm: Storm) -> list[dict[str, Any]]:
    return [fault for fault in storm.traps.noted() if fault["what"] == "freeze"]


def _left(storm: Storm, reference: str) -> bool:
    return any(entry["reference"] == reference for entry in storm.town.carrier.log())
