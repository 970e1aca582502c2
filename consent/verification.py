"""Checking the whole ledger: what is sealed, what was signed, and what is derived from it."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from consent import tree
from consent.models import ConsentEvent, LedgerCheckpoint, LedgerLeaf, LedgerNode, NoticeVersion
from consent.notes import Checkpoint, InvalidNote, VerifierKey, open_note
from consent.notices import content_hash
from consent.replay import Pair, Standing, pending_headers, replay, standings_kept
from consent.sealing import EVENT_COLUMNS, EVENT_TABLES, Header, headers, leaf_hash
from consent.sealing import origin as our_origin

BATCH = 1000
# The worker signs every few seconds: a log this old without any signature was robbed of them.
FIRST_SIGNED_WITHIN = timedelta(minutes=1)
_LEAVES = f"""
    SELECT l.position, l.leaf_hash, v.ciphertext, {EVENT_COLUMNS}
    FROM consent_ledgerleaf l
    LEFT JOIN ({EVENT_TABLES}) ON e.id = l.event_id
    LEFT JOIN consent_consentevidence v ON v.event_id = e.id
    ORDER BY l.position
"""
_WITHOUT_PLACE = """
    SELECT e.id FROM consent_consentevent e
    LEFT JOIN consent_ledgerleaf l ON l.event_id = e.id
    LEFT JOIN consent_ledgerpending w ON w.event_id = e.id
    WHERE (l.position IS NULL) = (w.number IS NULL) ORDER BY e.id LIMIT 1
"""
# Evidence goes when its person is erased, and for no other reason.
_WITHOUT_EVIDENCE = """
    SELECT l.position, e.id FROM consent_consentevent e
    LEFT JOIN consent_consentevidence v ON v.event_id = e.id
    LEFT JOIN consent_ledgerleaf l ON l.event_id = e.id
    WHERE v.event_id IS NULL AND NOT EXISTS (
        SELECT 1 FROM consent_consentevent erasure
        WHERE erasure.subject_reference = e.subject_reference AND erasure.kind = 'erased')
    ORDER BY l.position, e.id LIMIT 1
"""


class LedgerBroken(Exception):
    """The first position at which the ledger does not hold."""


@dataclass
class Findings:
    """What was checked, and what is needed while checking."""

    keys: list[VerifierKey]
    origin: str
    held: Sequence[Checkpoint] = ()
    leaves: int = 0
    bodies: int = 0
    checkpoints: int = 0
    signed: int = 0
    notices: int = 0
    pending: int = 0
    standings: int = 0
    frontier: tree.Frontier = field(default_factory=tree.Frontier)
    replayed: dict[Pair, Standing] = field(default_factory=dict)


def verify_ledger(
    *,
    keys: list[VerifierKey],
    origin: str = "",
    held: Sequence[Checkpoint] = (),
    at: datetime | None = None,
) -> Findings:
    """Check everything; raises `LedgerBroken`, which names the first bad position.

    `origin`: the name of the log, ours unless given. `held`: what checkpoints kept outside
    say, their signatures checked. `at`: now, to ask whether signing is overdue.
    """
    found = Findings(keys, origin or our_origin(), held)
    with snapshot():
        _check_log(found)
        _check_held(found)
        _check_signing(found, at)
        _check_counts(found)
        _check_evidence(found)
        _check_notices(found)
        _check_standings(found)
    return found


@contextmanager
def snapshot() -> Iterator[None]:
    """One unmoving view of the database for all queries inside."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def leaf_rows() -> Generator[tuple[int, bytes, bytes | None, Header | None]]:
    """Position, stored hash, evidence where it is present, and event of every leaf."""
    cursor: Any
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LEAVES)
        for position, stored, body, *event in _rows(cursor):
            header = next(headers(iter([tuple(event)]))) if event[0] is not None else None
            yield position, bytes(stored), None if body is None else bytes(body), header


def _rows(cursor: CursorWrapper) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(BATCH):
        yield from rows


def _check_log(found: Findings) -> None:
    due = _checkpoint_after(0)
    _compare_held(found)
    batch: list[tuple[tree.Subtree, bytes]] = []
    # Closed before the transaction ends, whatever is found: the database forgets the cursor then.
    with closing(leaf_rows()) as rows:
        for position, stored, body, header in rows:
            _check_leaf(found, position, stored, body, header)
            found.frontier, made = tree.append(found.frontier, [stored])
            batch = _checked_by_batch(batch + made)
            if due is not None and found.leaves == due.size:
                _check_checkpoint(found, due)
                due = _checkpoint_after(due.size)
            _compare_held(found)
    _check_nodes(batch)
    if due is not None:
        raise LedgerBroken(
            f"leaf {found.leaves}: missing, since checkpoint {due.size} counts on it"
        )
    if LedgerNode.objects.count() != sum(found.leaves >> n for n in range(1, 64)):
        raise LedgerBroken("stored hashes: there are some of leaves that do not exist")


def _checkpoint_after(size: int) -> LedgerCheckpoint | None:
    return LedgerCheckpoint.objects.filter(size__gt=size).order_by("size").first()


def _checked_by_batch(made: list[tuple[tree.Subtree, bytes]]) -> list[tuple[tree.Subtree, bytes]]:
    if len(made) < BATCH:
        return made
    _check_nodes(made)
    return []


def _check_leaf(
    found: Findings, position: int, stored: bytes, body: bytes | None, header: Header | None
) -> None:
    if position != found.leaves:
        raise LedgerBroken(f"leaf {found.leaves}: missing")
    if header is None:
        raise LedgerBroken(f"leaf {position}: its event is missing")
    if leaf_hash(header) != stored:
        raise LedgerBroken(f"leaf {position}: the event or its hash was changed")
    if body is not None and hashlib.sha256(body).digest() != header.body_hash:
        raise LedgerBroken(f"leaf {position}: the evidence was changed")
    replay([header], found.replayed)
    found.leaves += 1
    found.bodies += body is not None


def _check_checkpoint(found: Findings, checkpoint: LedgerCheckpoint) -> None:
    """Roots over one sequence of leaves are consistent with each other by construction."""
    where = f"checkpoint {checkpoint.size}"
    try:
        signed = open_note(checkpoint.note, keys=found.keys)
    except InvalidNote as problem:
        raise LedgerBroken(f"{where}: {problem}") from None
    if signed.origin != found.origin:
        raise LedgerBroken(f"{where}: it is of the log {signed.origin!r}")
    if (signed.size, signed.root) != (checkpoint.size, bytes(checkpoint.root)):
        raise LedgerBroken(f"{where}: the row and the signed text differ")
    if signed.root != found.frontier.root():
        raise LedgerBroken(f"{where}: a leaf before it is not the one that was signed")
    found.checkpoints += 1
    found.signed = checkpoint.size


def _compare_held(found: Findings) -> None:
    for held in found.held:
        if held.size == found.leaves and held.root != found.frontier.root():
            raise LedgerBroken(
                f"the checkpoint you hold over {held.size} events: a leaf before it is not the "
                "one that was signed"
            )


def _check_held(found: Findings) -> None:
    for held in found.held:
        if held.origin != found.origin:
            raise LedgerBroken(f"a checkpoint you hold is of the log {held.origin!r}")
        if held.size > found.leaves:
            raise LedgerBroken(
                f"leaf {found.leaves}: missing, since the checkpoint you hold counts {held.size}"
            )


def _check_signing(found: Findings, at: datetime | None) -> None:
    """Without any checkpoint the whole log could be new, so there must be one, soon."""
    if at is None or found.signed or not found.leaves:
        return
    oldest = ConsentEvent.objects.filter(leaf__position=0).values_list("recorded_at", flat=True)
    if at - oldest.get() > FIRST_SIGNED_WITHIN:
        raise LedgerBroken("leaf 0: no checkpoint signs it, and no other leaf either")


def _check_evidence(found: Findings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_EVIDENCE)
        lost = cursor.fetchone()
    if lost is not None:
        place = f"event {lost[1]}" if lost[0] is None else f"leaf {lost[0]}"
        raise LedgerBroken(f"{place}: its evidence is missing, and its person was not erased")


def _check_nodes(made: list[tuple[tree.Subtree, bytes]]) -> None:
    levels = [level for (level, _position), _hash in made]
    positions = [position for (_level, position), _hash in made]
    query = """
        SELECT n.level, n.position, n.node_hash
        FROM unnest(%s::smallint[], %s::bigint[]) AS wanted (level, position)
        JOIN consent_ledgernode n USING (level, position)
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [levels, positions])
        stored = {(level, position): bytes(kept) for level, position, kept in cursor}
    for name, expected in made:
        if stored.get(name) != expected:
            first = name[1] << name[0]
            raise LedgerBroken(f"stored hash over the leaves from {first} on: missing or changed")


def _check_counts(found: Findings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_PLACE)
        lost = cursor.fetchone()
    if lost is not None:
        raise LedgerBroken(f"event {lost[0]}: it is neither sealed nor waiting, or both")
    found.pending = ConsentEvent.objects.count() - LedgerLeaf.objects.count()


def _check_notices(found: Findings) -> None:
    for version in NoticeVersion.objects.exclude(published_at=None).order_by("pk"):
        if content_hash(version) != bytes(version.content_hash or b""):
            raise LedgerBroken(f"notice version {version.pk}: its words were changed")
        found.notices += 1


def _check_standings(found: Findings) -> None:
    expected = replay(pending_headers(), found.replayed)
    kept = standings_kept()
    for pair in sorted(expected.keys() | kept.keys(), key=str):
        if expected.get(pair) != kept.get(pair):
            raise LedgerBroken(f"standing of subject {pair[0]} for {pair[1]}: {_why(pair, kept)}")
    found.standings = len(kept)


def _why(pair: Pair, kept: dict[Pair, Any]) -> str:
    return "not what the events lead to" if pair in kept else "missing"
