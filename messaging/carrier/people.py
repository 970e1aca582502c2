"""Whether the database beside the carrier has people who are not sample data.

Asked without Django: the carrier shares no code with what it judges.
"""

from __future__ import annotations

import psycopg

TABLE = "SELECT to_regclass('subscribers_subscriber') IS NOT NULL"
REAL = "SELECT EXISTS (SELECT 1 FROM subscribers_subscriber WHERE NOT is_sample)"
PATIENCE_SECONDS = 5


class UnableToTell(Exception):
    """The database does not answer."""


def has_real_people(database_url: str) -> bool:
    """False while there are no tables yet; raises `UnableToTell`."""
    try:
        with psycopg.connect(database_url, connect_timeout=PATIENCE_SECONDS) as connection:
            return all(_yes(connection, question) for question in (TABLE, REAL))
    except psycopg.Error as error:
        raise UnableToTell(str(error).strip()) from None


def _yes(connection: psycopg.Connection, question: str) -> bool:
    answer = connection.execute(question.encode()).fetchone()
    return bool(answer and answer[0])
