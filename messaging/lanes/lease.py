"""One worker at a time works a lane: an advisory lock that dies with its connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection


@contextmanager
def lease(name: str) -> Iterator[bool]:
    """True inside the block when nobody else holds the lease `name`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        # With the connection the lease ended, too.
        with contextlib.suppress(OperationalError, InterfaceError):
            if held:
                _give_back(name)


def _give_back(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
