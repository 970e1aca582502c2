from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from consent import proofs, tree
from consent.models import ConsentEvent, LedgerCheckpoint, LedgerLeaf, LedgerNode, LedgerPending
from consent.notes import open_note
from consent.operations.sealing import CHECKPOINT_EVERY, seal, seal_batch, sign_checkpoint
from consent.sealing import EVENT_COLUMNS, EVENT_TABLES, canonical_header, headers, verifier_keys
from subscribers import numbers
from tests import cast
from tests.triggers import refuse_truncate

pytestmark = pytest.mark.django_db
SECOND = cast.MINUTE / 60


def all_headers():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {EVENT_COLUMNS} FROM {EVENT_TABLES}")
        return list(headers(cursor))


def test_every_event_gets_a_place_without_gaps():
    cast.alice(), cast.carol(), cast.erin()
    assert seal(at=cast.NOON) == ConsentEvent.objects.count()
    positions = LedgerLeaf.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(ConsentEvent.objects.count()))
    assert not LedgerPending.objects.exists()


def test_batches_grow_the_same_tree_as_one():
    cast.alice(), cast.carol(), cast.frank()
    while seal_batch(limit=2):
        pass
    leaves = [bytes(leaf.leaf_hash) for leaf in LedgerLeaf.objects.order_by("position")]
    assert proofs.frontier() == tree.append(tree.Frontier(), leaves)[0]


def test_one_persons_events_keep_their_order_though_the_clock_jumps_back():
    alice = cast.asked(cast.ALICE, at=cast.NOON + cast.DAY)
    cast.confirmed(cast.ALICE, at=cast.NOON - cast.DAY)
    recorded = list(LedgerPending.objects.order_by("number").values_list("event_id", flat=True))
    seal(at=cast.NOON)
    sealed = LedgerLeaf.objects.order_by("position").values_list("event_id", flat=True)
    assert list(sealed) == recorded
    assert recorded != sorted(recorded)
    assert alice.events.count() == len(recorded)


def test_a_checkpoint_signs_the_root_over_all_leaves():
    cast.alice()
    seal(at=cast.NOON)
    checkpoint = LedgerCheckpoint.objects.get()
    signed = open_note(checkpoint.note, keys=verifier_keys())
    leaves = [bytes(leaf.leaf_hash) for leaf in LedgerLeaf.objects.order_by("position")]
    assert signed.origin == "tests.example/ledger"
    assert (signed.size, signed.root) == (2, tree.root_of(leaves))


def test_a_checkpoint_is_signed_only_when_the_log_grew_and_time_passed():
    cast.alice()
    seal(at=cast.NOON)
    seal(at=cast.NOON + cast.HOUR)
    assert LedgerCheckpoint.objects.count() == 1
    cast.bob()
    seal(at=cast.NOON + SECOND)
    assert LedgerCheckpoint.objects.count() == 1
    seal(at=cast.NOON + CHECKPOINT_EVERY)
    assert LedgerCheckpoint.objects.count() == 2


def test_a_clock_that_jumped_back_does_not_silence_the_signing():
    cast.alice()
    seal(at=cast.NOON)
    cast.bob()
    seal(at=cast.NOON - cast.DAY)
    assert LedgerCheckpoint.objects.count() == 2


def test_without_the_key_events_are_sealed_and_nothing_is_signed(settings):
    settings.LEDGER_SIGNING_KEY = ""
    cast.alice()
    assert seal(at=cast.NOON) == 2
    assert sign_checkpoint(at=cast.NOON) is None


def test_an_event_is_proven_to_be_in_the_log_and_the_log_only_to_have_grown():
    alice = cast.alice()
    seal(at=cast.NOON)
    old = proofs.newest_checkpoint()
    cast.frank()
    assert proofs.prove_event(alice.events.get(kind="confirmed")).position == 1
    seal(at=cast.NOON + cast.HOUR)
    proof = proofs.prove_event(alice.events.get(kind="confirmed"))
    new = proof.checkpoint
    assert tree.verify_inclusion(
        leaf_hash=proof.leaf_hash,
        index=proof.position,
        size=new.size,
        path=proof.path,
        root=bytes(new.root),
    )
    [earlier] = proofs.earlier_logs([old.size, new.size, 0], new.size)
    assert (earlier.size, earlier.root) == (old.size, bytes(old.root))
    assert tree.verify_consistency(
        old=old.size,
        new=new.size,
        old_root=bytes(old.root),
        new_root=bytes(new.root),
        path=earlier.path,
    )


def test_an_event_that_is_not_sealed_yet_has_no_proof():
    alice = cast.alice()
    assert proofs.prove_event(alice.events.first()) is None


def test_a_proof_reads_little_however_long_the_log_is(django_assert_num_queries):
    cast.alice(), cast.frank()
    seal(at=cast.NOON)
    size = LedgerLeaf.objects.count()
    with django_assert_num_queries(1):
        assert len(proofs.inclusion_path(0, size)) == 3


def test_what_is_sealed_says_nothing_about_the_number_or_the_words_typed():
    cast.alice(), cast.erin(), cast.frank()
    sealed = b"\n".join(canonical_header(header) for header in all_headers())
    for e164 in (cast.ALICE, cast.ERIN, cast.FRANK):
        digest = numbers.digest(e164)
        for trace in (e164[1:], e164[-7:], digest.hex(), "YES"):
            assert str(trace).encode() not in sealed
        assert digest not in sealed


def test_the_header_of_an_event_is_the_same_bytes_for_ever():
    cast.alice()
    header = min(all_headers())
    fixed = header._replace(
        id="01939b2e-5a00-7000-8000-000000000001",
        recorded_at=cast.NOON,
        subject="5a1f5c55-3b2b-4d7c-9d3e-000000000002",
        notice_hash=b"\x01" * 32,
        form=3,
    )
    assert canonical_header(fixed) == (
        b'{"actor":"subscriber","corrects":null,"expires_at":null,"form":3,"form_version":1,'
        b'"id":"01939b2e-5a00-7000-8000-000000000001","kind":"requested","notice":"'
        + b"01"
        * 32
        + b'","occurred_at":"2026-11-02T12:00:00.000000Z","promised_days":30,"promised_texts":4,'
        b'"purpose":"news","recorded_at":"2026-11-02T12:00:00.000000Z","schema":1,'
        b'"subject":"5a1f5c55-3b2b-4d7c-9d3e-000000000002"}'
    )


@pytest.mark.parametrize("table", ["leaf", "node", "checkpoint"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_ledger{} SET {} = {}",
        "DELETE FROM consent_ledger{}",
        "TRUNCATE consent_ledger{} CASCADE",
    ],
)
def test_raw_sql_cannot_rewrite_it(statement, table):
    cast.alice()
    seal(at=cast.NOON)
    column = {"leaf": "position", "node": "level", "checkpoint": "size"}[table]
    with connection.cursor() as cursor:
        refuse_truncate(cursor)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement.format(table, column, column))


def test_the_tables_hold_what_the_tests_above_try_to_rewrite():
    cast.alice()
    seal(at=cast.NOON)
    assert all(model.objects.exists() for model in (LedgerLeaf, LedgerNode, LedgerCheckpoint))
