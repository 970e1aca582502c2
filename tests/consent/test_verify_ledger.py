from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection

from consent.models import ConsentEvidence, LedgerCheckpoint
from consent.operations.sealing import seal
from consent.sealing import verifier_keys
from consent.verification import LedgerBroken, verify_ledger
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger():
    """Two checkpoints, the second over everything; one event waits for its seal."""
    cast.alice(), cast.carol()
    seal(at=cast.NOON)
    cast.frank(), cast.erin()
    seal(at=cast.NOON + cast.HOUR)
    cast.bob()


def tamper(statement: str, *tables: str) -> None:
    """Rewrite rows as someone could who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE consent_{table} DISABLE TRIGGER ALL")
        cursor.execute(statement)
        for table in tables:
            cursor.execute(f"ALTER TABLE consent_{table} ENABLE TRIGGER ALL")


def first_bad_position() -> str:
    with pytest.raises(LedgerBroken) as broken:
        verify_ledger(keys=verifier_keys())
    return str(broken.value)


def test_an_untouched_ledger_holds(ledger):
    found = verify_ledger(keys=verifier_keys())
    assert (found.leaves, found.pending, found.checkpoints) == (15, 1, 2)
    assert found.standings == 6
    assert found.bodies == 11  # erin's are gone


def test_an_empty_ledger_holds():
    assert verify_ledger(keys=verifier_keys()).leaves == 0


def test_evidence_that_was_erased_is_no_fault(ledger):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL yeslist.erasure = 'on'")
    ConsentEvidence.objects.all().delete()
    assert verify_ledger(keys=verifier_keys()).bodies == 0


@pytest.mark.parametrize(
    ("statement", "tables", "position"),
    [
        (
            (
                "UPDATE consent_consentevent e SET occurred_at = occurred_at - interval '1 day'"
                " FROM consent_ledgerleaf l WHERE l.event_id = e.id AND l.position = 3"
            ),
            ["consentevent"],
            "leaf 3: the event or its hash was changed",
        ),
        (
            (
                "UPDATE consent_consentevidence v SET ciphertext = ciphertext || '!'"
                " FROM consent_ledgerleaf l WHERE l.event_id = v.event_id AND l.position = 2"
            ),
            ["consentevidence"],
            "leaf 2: the evidence was changed",
        ),
        (
            "UPDATE consent_ledgerleaf SET leaf_hash = sha256('') WHERE position = 4",
            ["ledgerleaf"],
            "leaf 4: the event or its hash was changed",
        ),
        (
            "DELETE FROM consent_ledgerleaf WHERE position = 6",
            ["ledgerleaf"],
            "leaf 6: missing",
        ),
        (
            "DELETE FROM consent_ledgerleaf WHERE position >= 12",
            ["ledgerleaf"],
            "leaf 12: missing, since checkpoint 15 counts on it",
        ),
        (
            "UPDATE consent_ledgernode SET node_hash = sha256('') WHERE level = 2 AND position = 1",
            ["ledgernode"],
            "stored hash over the leaves from 4 on: missing or changed",
        ),
        (
            "UPDATE consent_ledgercheckpoint SET root = sha256('') WHERE size = 5",
            ["ledgercheckpoint"],
            "checkpoint 5: the row and the signed text differ",
        ),
        (
            "UPDATE consent_ledgercheckpoint SET note = replace(note, E'\\n5\\n', E'\\n4\\n')",
            ["ledgercheckpoint"],
            "checkpoint 5: the signature does not fit the text",
        ),
        (
            (
                "UPDATE consent_consent SET status = 'confirmed', confirming_event_id = ("
                "SELECT id FROM consent_consentevent LIMIT 1), notice_version_id = (SELECT id FROM"
                " consent_noticeversion LIMIT 1), promised_texts = 9, promised_days = 9"
                " WHERE status = 'withdrawn'"
            ),
            ["consent"],
            "not what the events lead to",
        ),
        ("DELETE FROM consent_consent WHERE status = 'withdrawn'", ["consent"], ": missing"),
        ("DELETE FROM consent_ledgerpending", [], "it is neither sealed nor waiting, or both"),
        (
            "UPDATE consent_noticeversion SET elements = '{}'",
            ["noticeversion"],
            "its words were changed",
        ),
    ],
)
def test_it_names_the_first_bad_position(ledger, statement, tables, position):
    tamper(statement, *tables)
    assert position in first_bad_position()


def test_a_rewritten_leaf_whose_hashes_all_fit_is_not_what_was_signed(ledger, monkeypatch):
    monkeypatch.setattr("consent.verification._check_nodes", lambda made: None)
    tamper(
        "UPDATE consent_consentevent e SET body_hash = sha256('') FROM consent_ledgerleaf l"
        " WHERE l.event_id = e.id AND l.position = 14",
        "consentevent",
    )
    _refit_leaf(14)
    assert first_bad_position() == (
        "checkpoint 15: a leaf before it is not the one that was signed"
    )


def _refit_leaf(position: int) -> None:
    from consent.sealing import leaf_hash
    from consent.verification import leaf_rows

    header = next(h for found, _stored, _body, h in leaf_rows() if found == position)
    hashed = leaf_hash(header).hex()
    tamper(
        f"UPDATE consent_ledgerleaf SET leaf_hash = '\\x{hashed}' WHERE position = {position}",
        "ledgerleaf",
    )


def test_a_checkpoint_of_another_key_is_refused(ledger, settings):
    settings.LEDGER_SIGNING_KEY = "b3RoZXI" + "A" * 36 + "="
    assert first_bad_position() == "checkpoint 5: no signature by a key we trust"


def test_the_command_says_what_it_checked(ledger):
    said = io.StringIO()
    call_command("verify_ledger", stdout=said)
    assert "15 sealed events, 1 waiting for their seal, none lost." in said.getvalue()


def test_the_command_fails_where_the_ledger_does_not_hold(ledger):
    tamper("DELETE FROM consent_ledgerleaf WHERE position = 6", "ledgerleaf")
    said = io.StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("verify_ledger", stderr=said)
    assert said.getvalue().strip() == "DOES NOT HOLD. leaf 6: missing"


def test_checkpoints_by_an_older_key_still_count(ledger, settings):
    old = str(verifier_keys()[0])
    settings.LEDGER_SIGNING_KEY = "b3RoZXI" + "A" * 36 + "="
    settings.LEDGER_VERIFIER_KEYS = [old]
    seal(at=cast.NOON + cast.DAY)
    assert LedgerCheckpoint.objects.count() == 3
    assert verify_ledger(keys=verifier_keys()).checkpoints == 3
