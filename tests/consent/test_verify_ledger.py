from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from consent.models import ConsentEvent, ConsentEvidence, LedgerCheckpoint
from consent.notes import Checkpoint
from consent.operations.sealing import seal, seal_batch
from consent.sealing import origin, signing_key, verifier_keys
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
    erin = ConsentEvidence.objects.filter(event__subject__erased_at__isnull=False)
    assert not erin.exists()
    assert verify_ledger(keys=verifier_keys()).leaves == 15


def delete_evidence(**chosen) -> None:
    doomed = ConsentEvidence.objects.get(**chosen)
    tamper(f"DELETE FROM consent_consentevidence WHERE event_id = '{doomed.pk}'", "consentevidence")


def test_missing_evidence_of_somebody_who_was_not_erased_is_named(ledger):
    delete_evidence(event__leaf__position=3)
    assert first_bad_position() == (
        "leaf 3: its evidence is missing, and its person was not erased"
    )


def test_missing_evidence_of_an_event_that_waits_is_named(ledger):
    waiting = ConsentEvent.objects.get(leaf=None)
    delete_evidence(event=waiting)
    assert first_bad_position().startswith(f"event {waiting.pk}: its evidence is missing")


def note(path: Path, size: int, root: bytes, name: str = "") -> Path:
    path.write_text(signing_key().sign(Checkpoint(name or origin(), size, root).text()))
    return path


def verify_whole(*held: Path, **options) -> tuple[int, str]:
    said = io.StringIO()
    try:
        call_command(
            "verify_ledger", held_checkpoint=[str(p) for p in held], stdout=said, stderr=said,
            **options,
        )  # fmt: skip
    except SystemExit as left:
        return int(left.code), said.getvalue()
    except CommandError as problem:
        return problem.returncode, str(problem)
    return 0, said.getvalue()


def test_a_held_checkpoint_is_compared_with_the_whole_ledger(ledger, tmp_path):
    roots = dict(LedgerCheckpoint.objects.values_list("size", "root"))
    honest = [note(tmp_path / str(size), size, bytes(root)) for size, root in roots.items()]
    status, said = verify_whole(*honest)
    assert (status, "2 checkpoints that you hold" in said) == (0, True)
    for size, complaint in [
        (7, "the checkpoint you hold over 7 events"),
        (15, "the checkpoint you hold over 15 events"),
        (999, "leaf 15: missing, since the checkpoint you hold counts 999"),
    ]:
        status, said = verify_whole(*honest, note(tmp_path / "held", size, b"x" * 32))
        assert (status, complaint in said) == (1, True), said


def test_the_name_of_the_log_is_compared_with_every_checkpoint(ledger):
    status, said = verify_whole(origin="other.example/ledger")
    assert (status, "checkpoint 5: it is of the log 'tests.example/ledger'" in said) == (1, True)


def test_questions_asked_wrongly_are_told_from_a_broken_ledger(ledger, tmp_path):
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\xff\xfe")
    unsigned = tmp_path / "unsigned"
    unsigned.write_text("tests.example/ledger\n1\nAAAA\n")
    for held in (garbage, unsigned, tmp_path / "nowhere"):
        assert verify_whole(held)[0] == 2
    assert verify_whole(key=["nonsense"])[0] == 2


def test_a_log_without_any_signature_does_not_hold_for_long():
    cast.alice()
    seal_batch()
    status, said = verify_whole()
    assert (status, "2 sealed events are not signed yet" in said) == (0, True)
    with pytest.raises(LedgerBroken, match="leaf 0: no checkpoint signs it"):
        verify_ledger(keys=verifier_keys(), at=timezone.now() + 2 * cast.MINUTE)


def test_signatures_that_were_all_deleted_are_missed(ledger):
    tamper("DELETE FROM consent_ledgercheckpoint", "ledgercheckpoint")
    with pytest.raises(LedgerBroken, match="leaf 0: no checkpoint signs it"):
        verify_ledger(keys=verifier_keys(), at=timezone.now() + cast.HOUR)


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
