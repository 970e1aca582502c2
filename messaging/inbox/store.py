"""One connection to the database, opened when it is needed, given up when it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connections

from messaging.operations.receipts import KEEP, kept_values
from messaging.providers.base import ReceiptReport

CONNECT_SECONDS = 3
# Django's own, made for its kind of connection.
NOT_FOR_US = ("context", "cursor_factory")


def address(alias: str = "default") -> Mapping[str, Any]:
    """How Django reaches the database, in the words of libpq."""
    told = connections[alias].get_connection_params()
    return {"connect_timeout": CONNECT_SECONDS} | {
        name: value for name, value in told.items() if name not in NOT_FOR_US
    }


class Store:
    def __init__(self, address: Mapping[str, Any]) -> None:
        self._address = address
        self._connection: psycopg.AsyncConnection | None = None

    async def write(self, told: Sequence[tuple[str, ReceiptReport]]) -> None:
        """Commit the reports, all or none, or raise what psycopg raises."""
        # Only success brings the connection back: after an error nobody knows what it is worth.
        connection, self._connection = self._connection, None
        connection = connection or await self._connect()
        try:
            await connection.execute(KEEP, kept_values(told, at=datetime.now(UTC)))
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connect(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(**self._address, autocommit=True)
