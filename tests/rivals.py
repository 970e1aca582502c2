"""Somebody else at work on the same database at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

import psycopg
from django.db import connection

from tests.carrier import wait_until

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@contextmanager
def rival(statement: str, parameters: Sequence[object]) -> Iterator[psycopg.Connection]:
    """Has run `statement` on a connection of their own, and commits at the end of the block."""
    wanted = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: wanted[name] for name in names if name in wanted}) as other:
        other.execute(statement, parameters)
        yield other


@contextmanager
def stalled(
    work: Callable[[], object], *, by: str, parameters: Sequence[object]
) -> Iterator[list[object]]:
    """In the block `work` waits, in a thread, for the locks that a rival's statement `by` took.

    They let go at its end, having changed nothing; then the list has what `work` returned, and
    what it raised is raised.
    """
    answers: list[object] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)
    with rival(by, parameters) as other:
        thread.start()
        wait_until(lambda: someone_waits() or bool(failed or answers))
        assert not answers, "it did not wait"
        yield answers
        other.rollback()
    thread.join(timeout=30)
    if failed:
        raise failed[0]


def someone_waits() -> bool:
    """Whether any connection of this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
