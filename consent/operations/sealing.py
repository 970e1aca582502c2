"""The sequencer: gives every event its place in the log, and signs the log as it grows."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from consent import tree
from consent.models import LedgerCheckpoint
from consent.notes import Checkpoint
from consent.proofs import frontier
from consent.sealing import EVENT_COLUMNS, EVENT_TABLES, headers, leaf_hash, origin, signing_key

BATCH = 2000
# At the target of 5,000 events a second, four ticks' worth.
BATCHES_PER_TICK = 10
CHECKPOINT_EVERY = timedelta(seconds=2)
# Two-part advisory locks are apart from the one-part locks of numbers. The planner's figures lag
# behind tables that only grow: left alone, it would read the whole ledger to find 2,000 events.
_LEADER = """
    SELECT pg_try_advisory_xact_lock(13, 9162), set_config('enable_seqscan', 'off', true),
           set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
"""

# SKIP LOCKED only guards against a hand-run DELETE: there is one sequencer at a time. Ordering by
# `number` keeps each person's events in the order in which they were recorded.
_TAKE = f"""
    WITH taken AS (
        DELETE FROM consent_ledgerpending WHERE number = ANY(ARRAY(
            SELECT number FROM consent_ledgerpending
            ORDER BY number LIMIT %s FOR UPDATE SKIP LOCKED
        )) RETURNING number, event_id
    )
    SELECT {EVENT_COLUMNS} FROM taken JOIN ({EVENT_TABLES}) ON e.id = taken.event_id
    ORDER BY taken.number
"""
_ADD_LEAVES = """
    INSERT INTO consent_ledgerleaf (position, event_id, leaf_hash)
    SELECT %s + given.nth - 1, given.event_id, given.leaf_hash
    FROM unnest(%s::uuid[], %s::bytea[]) WITH ORDINALITY AS given (event_id, leaf_hash, nth)
"""
_ADD_NODES = """
    INSERT INTO consent_ledgernode (level, position, node_hash)
    SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
"""


def seal(*, at: datetime) -> int:
    """One tick: move what waits into the log, then sign the log if it is time."""
    sealed = 0
    for _ in range(BATCHES_PER_TICK):
        taken = seal_batch()
        sealed += taken
        if taken < BATCH:
            break
    sign_checkpoint(at=at)
    return sealed


@transaction.atomic
def seal_batch(limit: int = BATCH) -> int:
    """Give up to `limit` waiting events the next places; 0 where another sequencer is at work."""
    with connection.cursor() as cursor:
        if not _lead(cursor):
            return 0
        cursor.execute(_TAKE, [limit])
        taken = list(headers(cursor))
        if taken:
            _extend(cursor, [h.id for h in taken], [leaf_hash(h) for h in taken])
    return len(taken)


def _lead(cursor: CursorWrapper) -> bool:
    """Whether we are the one sequencer until this transaction ends."""
    cursor.execute(_LEADER)
    return bool(cursor.fetchone()[0])


def _extend(cursor: CursorWrapper, event_ids: list[UUID], leaves: list[bytes]) -> None:
    before = frontier()
    _after, made = tree.append(before, leaves)
    cursor.execute(_ADD_LEAVES, [before.size, event_ids, leaves])
    if made:
        levels, positions, hashes = zip(*((*name, each) for name, each in made), strict=True)
        cursor.execute(_ADD_NODES, [list(levels), list(positions), list(hashes)])


@transaction.atomic
def sign_checkpoint(*, at: datetime) -> LedgerCheckpoint | None:
    """Sign the log as it is now, if it grew and the last signature is not too fresh."""
    key = signing_key()
    with connection.cursor() as cursor:
        if key is None or not _lead(cursor):
            return None
    newest = LedgerCheckpoint.objects.order_by("-size").first()
    now = frontier()
    if not _is_due(newest, now.size, at):
        return None
    note = key.sign(Checkpoint(origin(), now.size, now.root()).text())
    return LedgerCheckpoint.objects.create(size=now.size, root=now.root(), note=note, signed_at=at)


def _is_due(newest: LedgerCheckpoint | None, size: int, at: datetime) -> bool:
    if newest is None:
        return size > 0
    waited = at - newest.signed_at
    # A clock that jumped back must not silence us until it catches up.
    return size > newest.size and not timedelta() <= waited < CHECKPOINT_EVERY
