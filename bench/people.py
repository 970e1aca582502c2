"""People with a standing yes, loaded as fast as PostgreSQL takes them.

They come in by COPY, with the triggers off: what the triggers would add (a place in the queue for
sealing) is loaded too, and what they would refuse is looked for by `bench.sample`. The confirmed
yes is there with its evidence; the request before it is not.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from django.db import connection

from bench.rig import query
from bench.rows import COLUMNS, Law, Maker, Promise, Rows, law_of, number, promised

BATCH = 10_000
LOADERS = 2
# Below that, making the indexes anew costs more than keeping them.
MANY = 50_000
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = ANY(%s) AND NOT EXISTS (
        SELECT 1 FROM pg_constraint WHERE conindid = quote_ident(indexname)::regclass)
"""


@dataclass(frozen=True)
class Plan:
    """Whom to load: `withdrawn` and `suppressed` are shares of 1; the suppressed withdrew too.

    `first_number` keeps the numbers of several loadings apart.
    """

    count: int
    list_id: int
    at: datetime
    countries: tuple[str, ...] = ("GB",)
    withdrawn: float = 0.0
    suppressed: float = 0.0
    first_number: int = 0


def load(plan: Plan) -> float:
    """Load them with `LOADERS` processes; the seconds that took."""
    began = time.monotonic()
    first_id, promise = next_id(), promised()
    laws = [law_of(country, plan.at) for country in plan.countries]
    share = -(-plan.count // LOADERS)
    with _few_indexes(plan.count):
        connection.close()  # a child process must not share it
        loaders = [
            multiprocessing.get_context("fork").Process(
                target=_load_some, args=[plan, promise, laws, first_id, start, start + share]
            )
            for start in range(0, plan.count, share)
        ]
        for loader in loaders:
            loader.start()
        for loader in loaders:
            loader.join()
    if any(loader.exitcode for loader in loaders):
        raise SystemExit("people could not be loaded")
    _tidy(first_id + plan.count)
    return time.monotonic() - began


@contextmanager
def _few_indexes(people: int) -> Iterator[None]:
    """Without those that guard nothing, where many rows come; they are made anew at the end."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [list(COLUMNS)])
        found = cursor.fetchall() if people >= MANY else []
        for name, _definition in found:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        for _name, definition in found:
            cursor.execute(definition)


def next_id() -> int:
    """The id of whoever is loaded next; the others follow one by one, in the order of numbers."""
    return int(query("SELECT COALESCE(max(id), 0) + 1 FROM subscribers_subscriber")[0])


def _tidy(next_id: int) -> None:
    """Sequences go on behind what was loaded, the planner knows of it, and it is on the disk:
    what is measured next does not pay for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('subscribers_subscriber', 'id'), %s, false)",
            [next_id],
        )
        for table in COLUMNS:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("CHECKPOINT")


def _load_some(
    plan: Plan, promise: Promise, laws: list[Law], first_id: int, start: int, end: int
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for begin in range(start, min(end, plan.count), BATCH):
            people = range(begin, min(begin + BATCH, end, plan.count))
            copy(cursor, rows_of(plan, promise, laws, first_id, people))
    connection.close()


def copy(cursor: Any, rows: Rows) -> None:
    """Write them; triggers and foreign keys are the caller's to switch off."""
    for table, lines in rows.items():
        with cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copying:
            copying.write("".join(lines))


def rows_of(plan: Plan, promise: Promise, laws: list[Law], first_id: int, people: range) -> Rows:
    """Of the people of a plan with these places in it; `first_id` is that of its first."""
    maker = Maker(promise, list_id=plan.list_id, at=plan.at)
    # The same people say the same thing in every run.
    luck = Random(people.start)
    for nth in people:
        law = laws[nth % len(laws)]
        drawn = luck.random()
        maker.person(first_id + nth, number(law.country, plan.first_number + nth), law)
        if drawn < plan.withdrawn + plan.suppressed:
            maker.takes_back(stops=drawn < plan.suppressed)
        else:
            maker.stands()
    return maker.rows
