"""The few statements that every text passes, past Django's cursor.

Django binds parameters in the client and reads rows as text. Here the server binds them, keeps the
plan (the settings allow it), and rows come in binary: a third of the work for a batch of some
hundred texts. They run on Django's own connection, in its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from django.db import connection
from psycopg.rows import DictRow, RowFactory, TupleRow, dict_row, tuple_row

R = TypeVar("R")

# Until the transaction ends. Between two statements of a turn lies some arithmetic, and at most a
# cache that does not answer.
BRIEF = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
        set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true),
        set_config('idle_in_transaction_session_timeout', '2s', true)
"""


def version(*aliases: str) -> str:
    """The expression that tells whether rows are still those that were read: each version of a row
    has its own place and writer. What was read may be kept for as long as this stays the same."""
    return f"concat_ws(' ', {', '.join(f'{each}.ctid, {each}.xmin' for each in aliases)})"


def versions(table: str, where: str = "true") -> str:
    """The same for all rows of `table` AS y that fit."""
    return f"(SELECT string_agg({version('y')}, ' ' ORDER BY y.id) FROM {table} y WHERE {where})"


def be_brief() -> None:
    """For the rest of the transaction every row is looked up by an index, and whoever stops in the
    middle is thrown out.

    A table that was just filled has no statistics worth the name, and a planner that takes it for
    small would read all of it for some hundred rows. Compiling such a statement takes longer than
    running it. And a process that is frozen, or a machine that is paused, keeps its locks: the STOP
    of everyone in its turn would wait for it.
    """
    rows(BRIEF, {})


def rows(statement: str, parameters: Mapping[str, Any]) -> list[DictRow]:
    """Run it and return its rows by column name. Raises what Django's cursor raises."""
    with _cursor(dict_row) as cursor, connection.wrap_database_errors:
        return cursor.execute(statement.encode(), parameters, prepare=True).fetchall()


def tuples(statement: str, parameters: Mapping[str, Any]) -> list[TupleRow]:
    """The same, each row a tuple, for a statement that returns a column or two."""
    with _cursor(tuple_row) as cursor, connection.wrap_database_errors:
        return cursor.execute(statement.encode(), parameters, prepare=True).fetchall()


def run(statement: str, parameters: Mapping[str, Any]) -> None:
    """The same for a statement that returns nothing."""
    with _cursor(tuple_row) as cursor, connection.wrap_database_errors:
        cursor.execute(statement.encode(), parameters, prepare=True)


def _cursor(made: RowFactory[R]) -> psycopg.Cursor[R]:
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection, row_factory=made)
    cursor.format = psycopg.pq.Format.BINARY
    return cursor
