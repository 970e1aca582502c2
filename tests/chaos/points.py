"""Where a worker can be struck, and how it notices that it is.

This is the one place that names the engine's functions. Product code knows nothing of it: a worker
of tests.chaos.app wraps what stands in `POINTS` as it starts.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


def always(_outcome: Any) -> bool:
    return True


@dataclass(frozen=True)
class Point:
    """`passed` says of what the function returned whether this is the moment that is meant."""

    label: str
    module: str
    name: str
    before: bool = False
    passed: Callable[[Any], bool] = always

    @property
    def slug(self) -> str:
        return self.label.replace(" ", "-")


RESERVED = Point(
    "after reserving rate",
    "messaging.limiter",
    "SharedRates.reserve",
    passed=lambda starts: any(start is not None for start in starts),
)
DECIDED = Point(
    "after the decision was committed",
    "messaging.lanes.turn",
    "decide",
    passed=lambda decided: bool(decided.texts),
)
WIRE = "messaging.providers.connection"
LOOKED = Point("between the look and the write", WIRE, "Connection._write", before=True)
WRITTEN = Point("after the request was written", WIRE, "Connection._write")
UNRECORDED = Point("before recording", "messaging.lanes.results", "record_surely", before=True)
CUTTING = Point("after a slice of the audience", "messaging.operations.audience", "_write_slice")
APPLYING = Point("while receipts are applied", "messaging.operations.receipts", "_move_messages")
POINTS = (RESERVED, DECIDED, LOOKED, WRITTEN, UNRECORDED, CUTTING, APPLYING)


@dataclass(frozen=True)
class Traps:
    """The folder through which the storm and its workers speak.

    `armed/<slug>` holds what is to happen to the first worker that comes to that point;
    `faults.jsonl` is what happened, in the order of time.
    """

    folder: Path

    def lay(self) -> None:
        (self.folder / "armed").mkdir(parents=True, exist_ok=True)

    def trap(self, point: Point) -> Path:
        return self.folder / "armed" / point.slug

    def arm(self, point: Point, what: str = "kill") -> None:
        """At once: whoever comes by while it is laid must not find half a trap."""
        laid = self.folder / "laid"
        laid.write_text(what)
        laid.replace(self.trap(point))

    def is_armed(self, point: Point) -> bool:
        return self.trap(point).exists()

    def disarm(self) -> None:
        for trap in (self.folder / "armed").iterdir():
            trap.unlink(missing_ok=True)

    def note(self, what: str, label: str, **more: object) -> None:
        entry = {"at": time.monotonic(), "what": what, "label": label, **more}
        with (self.folder / "faults.jsonl").open("a") as journal:
            journal.write(json.dumps(entry) + "\n")

    def noted(self) -> list[dict[str, Any]]:
        journal = self.folder / "faults.jsonl"
        if not journal.exists():
            return []
        return [json.loads(line) for line in journal.read_text().splitlines()]

    def strike(self, point: Point, detail: str) -> None:
        """End or freeze this process, if it is the first to come to a point that is armed."""
        trap = self.trap(point)
        if not trap.exists():
            return
        try:
            what = trap.read_text()
            trap.unlink()
        except FileNotFoundError:
            return
        self.note(what, point.label, pid=os.getpid(), detail=detail)
        # To this very thread: of a signal to the process another thread may take notice first, and
        # this one would go on for a moment.
        signal.pthread_kill(threading.get_ident(), SIGNALS[what])


def set_traps(traps: Traps) -> None:
    """Wrap every function of `POINTS` in this process."""
    for point in POINTS:
        owner, name = whereabouts(point)
        setattr(owner, name, _trapped(getattr(owner, name), point, traps))


def whereabouts(point: Point) -> tuple[Any, str]:
    """What the function is an attribute of, and its name there."""
    owner: Any = import_module(point.module)
    *path, name = point.name.split(".")
    for part in path:
        owner = getattr(owner, part)
    return owner, name


def _trapped(function: Callable, point: Point, traps: Traps) -> Callable:
    @functools.wraps(function)
    def calls(*args: Any, **options: Any) -> Any:
        reference = _reference(args)
        # A question about a text goes over the same connections, and is not meant.
        meant = bool(reference) or point.module != WIRE
        if meant and point.before:
            traps.strike(point, reference)
        outcome = function(*args, **options)
        if meant and not point.before and point.passed(outcome):
            traps.strike(point, reference)
        return outcome

    return calls


def _reference(args: tuple[Any, ...]) -> str:
    """Which text, where the function is about a request."""
    for request in args:
        if isinstance(request, bytes) and (body := request.partition(b"\r\n\r\n")[2]):
            return json.loads(body)["reference"]
    return ""
