"""The role that docs/operating.md gives to the application can do its work, and no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from consent.models import ConsentEvidence, LedgerHandout
from consent.operations.sealing import seal
from consent.sealing import verifier_keys
from consent.verification import verify_ledger
from tests import cast

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
SEALED = ["consentevent", "ledgerleaf", "ledgernode", "ledgercheckpoint", "ledgerhandout"]


@pytest.fixture
def as_application():
    """Under the role of the page, made anew and gone with the transaction."""
    [statements] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE yeslist_app")
        cursor.execute(statements)
        cursor.execute("SET LOCAL ROLE yeslist_app")
        yield cursor
        cursor.execute("RESET ROLE")


def test_it_does_its_work(as_application):
    cast.alice(), cast.carol(), cast.erin()
    seal(at=cast.NOON)
    assert verify_ledger(keys=verifier_keys()).leaves == 9


@pytest.mark.parametrize("table", SEALED)
@pytest.mark.parametrize(
    "statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"]
)
def test_it_may_not_rewrite_what_is_sealed(as_application, table, statement):
    refused(as_application, statement.format(f"consent_{table}", _column(table)))


def _column(table: str) -> str:
    return {"ledgernode": "level", "ledgercheckpoint": "size", "ledgerleaf": "position"}.get(
        table, "id"
    )


@pytest.mark.parametrize("statement", ["UPDATE {} SET ciphertext = ''", "TRUNCATE {}"])
def test_it_may_not_rewrite_evidence(as_application, statement):
    refused(as_application, statement.format(ConsentEvidence._meta.db_table))


def refused(cursor, statement: str) -> None:
    cast.alice()
    seal(at=cast.NOON)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not LedgerHandout.objects.exists()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        cursor.execute(statement)
