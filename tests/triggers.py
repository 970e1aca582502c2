"""The triggers that refuse TRUNCATE: off in the test database, on where a test asks for them."""

from __future__ import annotations

from typing import Any

FOUND = """
    SELECT format('ALTER TABLE %%s %s TRIGGER %%I', tgrelid::regclass, tgname) FROM pg_trigger
    WHERE tgname LIKE 'pgtrigger_%%_is_never_truncated_%%'
"""


def truncate_triggers(cursor: Any, verb: str) -> list[str]:
    """The statements that `verb` ("DISABLE", "ENABLE") each of them."""
    cursor.execute(FOUND.replace("%s TRIGGER", f"{verb} TRIGGER", 1).replace("%%", "%"))
    statements = [statement for (statement,) in cursor.fetchall()]
    assert len(statements) >= 6
    return statements


def refuse_truncate(cursor: Any) -> None:
    """As anywhere but in the tests, until the transaction ends."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in truncate_triggers(cursor, "ENABLE"):
        cursor.execute(statement)
