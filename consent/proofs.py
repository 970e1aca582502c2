"""Reads of the sealed log: its frontier, its checkpoints, and proofs about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from consent import tree
from consent.models import ConsentEvent, LedgerCheckpoint, LedgerLeaf


@dataclass(frozen=True)
class InclusionProof:
    """That the event at `position` is in the log that `checkpoint` signs.

    `path` is RFC 9162's, from the leaf up.
    """

    position: int
    leaf_hash: bytes
    path: list[bytes]
    checkpoint: LedgerCheckpoint


def log_size() -> int:
    """How many events are sealed."""
    newest = LedgerLeaf.objects.order_by("-position").values_list("position", flat=True).first()
    return 0 if newest is None else newest + 1


def frontier(size: int | None = None) -> tree.Frontier:
    """The complete subtrees of the log, now or when it had `size` leaves."""
    size = log_size() if size is None else size
    names = tree.subtrees((0, size))
    known = _lookup(names)
    return tree.Frontier(size, tuple(known[name] for name in names))


def newest_checkpoint() -> LedgerCheckpoint | None:
    return LedgerCheckpoint.objects.order_by("-size").first()


def prove_event(event: ConsentEvent) -> InclusionProof | None:
    """The proof under the newest checkpoint; None until the event is sealed and signed."""
    leaf = LedgerLeaf.objects.filter(event=event).first()
    checkpoint = newest_checkpoint()
    if leaf is None or checkpoint is None or leaf.position >= checkpoint.size:
        return None
    path = inclusion_path(leaf.position, checkpoint.size)
    return InclusionProof(leaf.position, bytes(leaf.leaf_hash), path, checkpoint)


def inclusion_path(position: int, size: int) -> list[bytes]:
    """The hashes that prove a leaf in the log of `size`; ValueError if it is not in it."""
    ranges = tree.inclusion_ranges(position, size)
    known = _lookup(name for each in ranges for name in tree.subtrees(each))
    return [tree.range_root(each, known.__getitem__) for each in ranges]


@dataclass(frozen=True)
class EarlierLog:
    """The log as it was at `size`, and the hashes that prove that it begins the later one."""

    size: int
    root: bytes
    path: list[bytes]


def earlier_logs(sizes: Iterable[int], new: int) -> list[EarlierLog]:
    """One for each size below `new`, rising."""
    earlier = sorted({size for size in sizes if 0 < size < new})
    ranges = {size: tree.consistency_ranges(size, new) for size in earlier}
    wanted = {name for size in earlier for name in tree.subtrees((0, size))}
    wanted |= {name for each in ranges.values() for one in each for name in tree.subtrees(one)}
    known = _lookup(sorted(wanted))
    return [
        EarlierLog(
            size,
            tree.range_root((0, size), known.__getitem__),
            [tree.range_root(each, known.__getitem__) for each in ranges[size]],
        )
        for size in earlier
    ]


def _lookup(names: Iterable[tree.Subtree]) -> dict[tree.Subtree, bytes]:
    """The hashes of complete subtrees, in one query."""
    wanted = list(names)
    if not wanted:
        return {}
    query = """
        SELECT 0, position, leaf_hash FROM consent_ledgerleaf WHERE position = ANY(%s)
        UNION ALL
        SELECT n.level, n.position, n.node_hash
        FROM unnest(%s::smallint[], %s::bigint[]) AS wanted (level, position)
        JOIN consent_ledgernode n USING (level, position)
    """
    leaves = [position for level, position in wanted if level == 0]
    levels, positions = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(query, [leaves, list(levels), list(positions)])
        return {(level, position): bytes(found) for level, position, found in cursor}
