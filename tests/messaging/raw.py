"""Statements past Django: what the database refuses, it refuses whoever asks."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction


def run(statement: str, *parameters: Any, **named: Any) -> None:
    """In a transaction of its own, so that a refusal leaves the test's alive."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, named or parameters)
