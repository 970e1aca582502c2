"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: pure, without storage.

A leaf range `(first, end)` is half-open. A subtree is complete when it has 2**level leaves; it
is named `(level, position)` and covers the leaves from `position << level` on. Any range that a
proof needs is a run of complete subtrees, so whoever keeps those can prove anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_BYTES = 32

Range = tuple[int, int]
Subtree = tuple[int, int]


def hash_leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The complete subtrees of a log, from the left: all that is needed to append to it."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        return _join(self.hashes) if self.hashes else EMPTY_ROOT


def append(
    frontier: Frontier, leaf_hashes: Iterable[bytes]
) -> tuple[Frontier, list[tuple[Subtree, bytes]]]:
    """The frontier after these leaves, and every complete subtree of level 1 and up they made."""
    size, stack = frontier.size, list(frontier.hashes)
    made: list[tuple[Subtree, bytes]] = []
    for leaf_hash in leaf_hashes:
        stack.append(leaf_hash)
        size += 1
        made += _merge(stack, size)
    return Frontier(size, tuple(stack)), made


def _merge(stack: list[bytes], size: int) -> Iterable[tuple[Subtree, bytes]]:
    """Join the subtrees that the newest leaf completed: one for each trailing zero of `size`."""
    level = 0
    while not (size >> level) & 1:
        right, left = stack.pop(), stack.pop()
        level += 1
        stack.append(hash_children(left, right))
        yield (level, (size >> level) - 1), stack[-1]


def _join(hashes: Sequence[bytes]) -> bytes:
    """The root over neighboring complete subtrees, each smaller than the one before it."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = hash_children(left, root)
    return root


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    return append(Frontier(), leaf_hashes)[0].root()


def subtrees(leaves: Range) -> list[Subtree]:
    """The complete subtrees that make up an aligned range, from the left."""
    first, end = leaves
    found = []
    while first < end:
        level = (end - first).bit_length() - 1
        found.append((level, first >> level))
        first += 1 << level
    return found


def range_root(leaves: Range, lookup: Callable[[Subtree], bytes]) -> bytes:
    """The hash over an aligned range, from its complete subtrees."""
    return _join([lookup(subtree) for subtree in subtrees(leaves)])


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove leaf `index` in a log of `size`, leaf level first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a log of {size}")
    return _path(index, (0, size))


def _path(index: int, leaves: Range) -> list[Range]:
    first, end = leaves
    if end - first == 1:
        return []
    middle = first + _split(end - first)
    if index < middle:
        return [*_path(index, (first, middle)), (middle, end)]
    return [*_path(index, (middle, end)), (first, middle)]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that the log of `old` begins the log of `new`."""
    if not 0 <= old <= new:
        raise ValueError(f"a log of {old} cannot grow into one of {new}")
    return [] if old in (0, new) else _subproof(old, (0, new), whole=True)


def _subproof(old: int, leaves: Range, *, whole: bool) -> list[Range]:
    first, end = leaves
    if old == end:
        return [] if whole else [leaves]
    middle = first + _split(end - first)
    if old <= middle:
        return [*_subproof(old, (first, middle), whole=whole), (middle, end)]
    return [*_subproof(old, (middle, end), whole=False), (first, middle)]


def verify_inclusion(
    *, leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """RFC 9162, 2.1.3.2: whether `path` leads from the leaf to the root."""
    if not 0 <= index < size:
        return False
    node, last, current = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            current = hash_children(sibling, current)
            node, last = _skip_to_odd(node, last)
        else:
            current = hash_children(current, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and current == root


def _skip_to_odd(node: int, last: int) -> tuple[int, int]:
    """A node at the right edge has no sibling until it is a right child."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """RFC 9162, 2.1.4.2: whether the log of `old` leaves begins the log of `new` leaves."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        return not path and old_root == expected
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    return bool(hashes) and _replay(hashes, old - 1, new - 1) == (old_root, new_root)


def _replay(hashes: Sequence[bytes], node: int, last: int) -> tuple[bytes, bytes] | None:
    while node & 1:
        node, last = node >> 1, last >> 1
    old_root = new_root = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old_root, new_root = hash_children(each, old_root), hash_children(each, new_root)
            node, last = _skip_to_odd(node, last)
        else:
            new_root = hash_children(new_root, each)
        node, last = node >> 1, last >> 1
    return (old_root, new_root) if last == 0 else None
