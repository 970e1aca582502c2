"""Half an hour of everything that can go wrong, by `make chaos` (SEED=5 repeats a plan)."""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from tests import servers
from tests.chaos.freezing import freeze_through_a_stop
from tests.chaos.plan import FREEZES, KILLS, WEATHER, Plan
from tests.chaos.points import LOOKED
from tests.chaos.report import report
from tests.chaos.trial import figures_of, verdict_on
from tests.chaos.weather import Weather

REPORTS = Path(__file__).resolve().parents[2] / ".local" / "chaos"
# The test servers lose what they had not yet written when they crash; this one must not.
DURABLE = "ALTER DATABASE {} SET synchronous_commit = on"


@pytest.mark.chaos
def test_it_breaks_no_promise(storm):
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"\nSEED={seed}\n")
    made, database_log = storm(seed), DatabaseLog()
    made.weather = weather(made.traps)
    plan = Plan(made.rng)
    while (what := plan.next()) is not None:
        first = partial(freeze_through_a_stop, made) if what.freeze else None
        plan.again(made.go_through(what, size=24, first=first))
        verdict = verdict_on(made, deadlocks=database_log.deadlocks())
        told = report(
            seed=seed, faults=made.traps.noted(), verdict=verdict, figures=figures_of(made)
        )
        keep(seed, told)
        sys.stdout.write(f"round {plan.begun}: {len(plan.kills)} kills to come\n")
        assert verdict.breaches == [], told
    sys.stdout.write(told)
    happened = Counter((fault["what"], fault["label"]) for fault in made.traps.noted())
    assert sum(n for (what, _label), n in happened.items() if what == "kill") >= KILLS
    assert happened["freeze", LOOKED.label] == FREEZES
    assert {label: happened["weather", label] for label in WEATHER} == WEATHER


def weather(traps) -> Weather:
    """Of servers that are ours alone."""
    with connection.cursor() as cursor:
        cursor.execute(DURABLE.format(connection.ops.quote_name(connection.settings_dict["NAME"])))
    connection.close()
    (started,) = servers.started
    return Weather(started.postgres, started.valkey, traps)


class DatabaseLog:
    """What the database server wrote since the storm began."""

    def __init__(self) -> None:
        (started,) = servers.started
        self._log = started.postgres.layout.log_file("postgres")
        self._begin = len(self._log.read_text(errors="replace"))

    def deadlocks(self) -> int:
        return self._log.read_text(errors="replace")[self._begin :].count("deadlock detected")


def keep(seed: int, told: str) -> None:
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"storm-{seed}.txt").write_text(told)
