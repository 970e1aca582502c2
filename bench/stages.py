"""The Celery app of the workers that are watched: `celery -A bench.stages worker`.

It is the product's own app, with timers around the stages of a turn. A stage's time is its own:
what another stage inside it takes is taken off. It is counted twice, by the clock on the wall and
by the processor that the calling thread used; what is between the two was waiting, mostly for the
database. Each process writes its sums to a file of its own in the folder BENCH_STAGES.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init

from config.celery import app

__all__ = ["app"]
# Where each stage is called: the name that is replaced. What does not exist is passed over; a
# stage of which nothing exists is reported.
STAGES = {
    "audience": ["messaging.operations.audience.cut_audience"],
    "looking for lanes": ["messaging.lanes.work.lanes_with_work"],
    "reserve": [
        "messaging.limiter.SharedRates.of",
        "messaging.limiter.SharedRates.room",
        "messaging.limiter.SharedRates.reserve",
    ],
    "claim": [
        "messaging.lanes.claims.claim_campaign_texts",
        "messaging.lanes.claims.system_parts_due",
    ],
    "facts": ["messaging.lanes.claims.load"],
    "wording": ["messaging.lanes.turn.Wording.of"],
    "decide": ["messaging.lanes.permits.decide"],
    "permit": ["messaging.lanes.permits.write", "messaging.lanes.chunks.put_off"],
    "record": ["messaging.lanes.results.record"],
    "rest of a turn": ["messaging.lanes.work.begin_turn"],
    "waiting": ["messaging.lanes.wire.Wire.pause"],
}
# Texts are written by a thread that does nothing else: its processor time is that stage's.
WRITES = "wire"
WRITE_EVERY_SECONDS = 0.25
# By stage: seconds by the clock, seconds of the thread's processor.
_sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
_missing: list[str] = []
_here = threading.local()


def timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        outer, _here.inside = getattr(_here, "inside", (0.0, 0.0)), (0.0, 0.0)
        began, cpu = time.perf_counter(), time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            took, used = time.perf_counter() - began, time.thread_time() - cpu
            _sums[stage][0] += took - _here.inside[0]
            _sums[stage][1] += used - _here.inside[1]
            _here.inside = (outer[0] + took, outer[1] + used)

    return wrapper


def watch(**_about: object) -> None:
    """Put the timers in, once in each process of the pool."""
    for stage, places in STAGES.items():
        found = [_wrap(stage, place) for place in places]
        if not any(found):
            _missing.append(stage)
    threading.Thread(target=_write_often, name="bench", daemon=True).start()


def _wrap(stage: str, place: str) -> bool:
    try:
        owner, name = _find(place)
        function = inspect.getattr_static(owner, name)
    except (ImportError, AttributeError):
        return False
    if isinstance(function, classmethod):
        setattr(owner, name, classmethod(timed(stage, function.__func__)))
    else:
        setattr(owner, name, timed(stage, function))
    return True


def _find(place: str) -> tuple[Any, str]:
    """The module or class that holds the name, and the name."""
    path, _, name = place.rpartition(".")
    try:
        return import_module(path), name
    except ModuleNotFoundError:
        module, _, holder = path.rpartition(".")
        return getattr(import_module(module), holder), name


def _write_often() -> None:
    folder = Path(os.environ["BENCH_STAGES"])
    folder.mkdir(exist_ok=True)
    target = folder / f"{os.getpid()}.json"
    while True:
        time.sleep(WRITE_EVERY_SECONDS)
        draft = target.with_suffix(".draft")
        sums = {"stages": dict(_sums), "threads": _threads(), "missing": _missing}
        draft.write_text(json.dumps(sums))
        draft.replace(target)


def _threads() -> dict[str, float]:
    """Seconds of processor by the name of each thread that lives."""
    used: dict[str, float] = defaultdict(float)
    for thread in threading.enumerate():
        if thread.ident is not None and thread.is_alive():
            clock = time.pthread_getcpuclockid(thread.ident)
            used[thread.name] += time.clock_gettime(clock)
    return used


worker_process_init.connect(watch, weak=False)


def collected(folder: Path, texts: int) -> dict[str, Any]:
    """What all processes wrote, in microseconds for each of so many texts."""
    wall: dict[str, float] = defaultdict(float)
    cpu: dict[str, float] = defaultdict(float)
    missing: list[str] = []
    for path in folder.glob("*.json"):
        sums = json.loads(path.read_text())
        for stage, (took, used) in sums["stages"].items():
            wall[stage] += took
            cpu[stage] += used
        for thread, used in sums["threads"].items():
            cpu[f"thread {thread}"] += used
        missing = sums["missing"]
    wall["write"] = cpu["write"] = cpu.pop(f"thread {WRITES}", 0.0)
    return {
        "stage_us": _each(wall, texts),
        "stage_cpu_us": _each(cpu, texts),
        "stages_not_found": missing,
    }


def _each(seconds: dict[str, float], texts: int) -> dict[str, float]:
    return {name: round(total / texts * 1_000_000, 1) for name, total in sorted(seconds.items())}
