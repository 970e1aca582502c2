"""The Celery app of the workers that are watched: `celery -A bench.stages worker`.

It is the product's own app, with timers around the stages of a turn. A stage's time is its own:
what another stage inside it takes is taken off. Each process writes its sums to a file of its own,
in the folder BENCH_STAGES, twice a second.
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
# Where each stage is called: the module whose name for the function is replaced. Several places
# may belong to one stage; what does not exist is reported as `missing`.
STAGES = {
    "audience": ["messaging.operations.audience.cut_audience"],
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
    "write": ["messaging.lanes.wire.submit"],
    "record": ["messaging.lanes.results.record"],
    "turn, the rest": ["messaging.lanes.work.begin_turn"],
    "looking for lanes": ["messaging.lanes.work.lanes_with_work"],
    "waiting": ["messaging.lanes.wire.Wire.collect"],
}
WRITE_EVERY_SECONDS = 0.5
_seconds: dict[str, float] = defaultdict(float)
_calls: dict[str, int] = defaultdict(int)
_missing: list[str] = []
_here = threading.local()


def timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):
        return _timed_coroutine(stage, function)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        began, outer = time.perf_counter(), getattr(_here, "inside", 0.0)
        _here.inside = 0.0
        try:
            return function(*args, **kwargs)
        finally:
            took = time.perf_counter() - began
            _note(stage, took - _here.inside)
            _here.inside = outer + took

    return wrapper


def _timed_coroutine(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Others run while it waits, so its time is from start to end."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return await function(*args, **kwargs)
        finally:
            _note(stage, time.perf_counter() - began)

    return wrapper


def _note(stage: str, seconds: float) -> None:
    _seconds[stage] += seconds
    _calls[stage] += 1


def _wrap(stage: str, place: str) -> None:
    try:
        owner, name = _find(place)
        function = inspect.getattr_static(owner, name)
    except (ImportError, AttributeError):
        _missing.append(place)
        return
    if isinstance(function, classmethod | staticmethod):
        setattr(owner, name, type(function)(timed(stage, function.__func__)))
    else:
        setattr(owner, name, timed(stage, function))


def _find(place: str) -> tuple[Any, str]:
    """The module or class that holds the name, and the name."""
    path, _, name = place.rpartition(".")
    try:
        return import_module(path), name
    except ModuleNotFoundError:
        module, _, holder = path.rpartition(".")
        return getattr(import_module(module), holder), name


def watch(**_about: object) -> None:
    for stage, places in STAGES.items():
        for place in places:
            _wrap(stage, place)
    threading.Thread(target=_write_often, daemon=True).start()


def _write_often() -> None:
    folder = Path(os.environ["BENCH_STAGES"])
    folder.mkdir(exist_ok=True)
    target = folder / f"{os.getpid()}.json"
    while True:
        time.sleep(WRITE_EVERY_SECONDS)
        sums = {"seconds": dict(_seconds), "calls": dict(_calls), "missing": _missing}
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps(sums))
        draft.replace(target)


worker_process_init.connect(watch, weak=False)


def collected(folder: Path) -> dict[str, float]:
    """Seconds by stage over all processes so far; "missing" counts places that were not found."""
    total: dict[str, float] = defaultdict(float)
    for path in folder.glob("*.json"):
        sums = json.loads(path.read_text())
        for stage, seconds in sums["seconds"].items():
            total[stage] += seconds
        total["missing"] = len(sums["missing"])
    return dict(total)
