"""A small storm over a campaign's workers: see `make chaos` for the long one."""

from __future__ import annotations

from django.db import connection

from tests.chaos.plan import Round
from tests.chaos.points import CUTTING, DECIDED, LOOKED, UNRECORDED, WRITTEN
from tests.chaos.report import report
from tests.chaos.trial import verdict_on

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def test_it_breaks_no_promise(storm):
    before, made = deadlocks(), storm(seed=1)
    kills = (CUTTING, DECIDED, LOOKED, WRITTEN, UNRECORDED)
    missed = made.go_through(Round(kills=kills, stops=3, withdrawals=1), size=10)
    verdict = verdict_on(made, deadlocks=deadlocks() - before)
    told = report(seed=1, faults=made.traps.noted(), verdict=verdict)
    assert verdict.breaches == [], told
    assert len(missed) < len(kills), told


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(DEADLOCKS)
        return cursor.fetchone()[0]
