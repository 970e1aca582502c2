"""The tree against the published vectors, RFC 9162's own definitions, and pymerkle."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from consent import tree

# The eight inputs, and the root after each, of the test suites of Certificate Transparency.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
sizes = st.integers(1, 300)


def leaves(count: int) -> list[bytes]:
    return [tree.hash_leaf(number.to_bytes(4, "big")) for number in range(count)]


def stored(count: int) -> dict[tree.Subtree, bytes]:
    """Every complete subtree, as the database keeps them."""
    made = dict(tree.append(tree.Frontier(), leaves(count))[1])
    return made | {(0, n): each for n, each in enumerate(leaves(count))}


def rfc_root(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = rfc_split(len(hashes))
    return hashlib.sha256(b"\x01" + rfc_root(hashes[:k]) + rfc_root(hashes[k:])).digest()


def rfc_split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def rfc_path(m: int, d: list[bytes]) -> list[bytes]:
    """RFC 9162, 2.1.3.1."""
    if len(d) == 1:
        return []
    k = rfc_split(len(d))
    if m < k:
        return [*rfc_path(m, d[:k]), rfc_root(d[k:])]
    return [*rfc_path(m - k, d[k:]), rfc_root(d[:k])]


def rfc_proof(m: int, d: list[bytes], complete: bool = True) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if m == len(d):
        return [] if complete else [rfc_root(d)]
    k = rfc_split(len(d))
    if m <= k:
        return [*rfc_proof(m, d[:k], complete), rfc_root(d[k:])]
    return [*rfc_proof(m - k, d[k:], False), rfc_root(d[:k])]


def inclusion(index: int, size: int) -> list[bytes]:
    known = stored(size)
    return [tree.range_root(r, known.__getitem__) for r in tree.inclusion_ranges(index, size)]


def consistency(old: int, new: int) -> list[bytes]:
    known = stored(new)
    return [tree.range_root(r, known.__getitem__) for r in tree.consistency_ranges(old, new)]


@pytest.mark.parametrize("count", range(1, 9))
def test_the_roots_are_the_published_ones(count):
    hashes = [tree.hash_leaf(each) for each in INPUTS[:count]]
    assert tree.root_of(hashes).hex() == ROOTS[count - 1]


def test_an_empty_log_has_the_root_of_nothing():
    assert tree.root_of([]) == hashlib.sha256(b"").digest()


@given(sizes)
def test_the_root_is_the_one_the_rfc_defines(size):
    assert tree.root_of(leaves(size)) == rfc_root(leaves(size))


@given(sizes, st.integers(0, 299))
def test_an_inclusion_proof_is_the_rfcs_and_verifies(size, index):
    index %= size
    path, root = inclusion(index, size), tree.root_of(leaves(size))
    leaf_hash = leaves(size)[index]
    assert path == rfc_path(index, leaves(size))
    assert tree.verify_inclusion(leaf_hash=leaf_hash, index=index, size=size, path=path, root=root)


@given(sizes, st.integers(1, 300))
def test_a_consistency_proof_is_the_rfcs_and_verifies(new, old):
    old = 1 + (old - 1) % new
    path = consistency(old, new)
    assert path == rfc_proof(old, leaves(new))
    roots = {"old_root": tree.root_of(leaves(old)), "new_root": tree.root_of(leaves(new))}
    assert tree.verify_consistency(old=old, new=new, path=path, **roots)


@given(st.integers(1, 64), st.integers(0, 63))
def test_another_implementation_agrees(size, index):
    index %= size
    theirs = InmemoryTree(algorithm="sha256")
    for number in range(size):
        theirs.append_entry(number.to_bytes(4, "big"))
    assert theirs.get_root() == tree.root_of(leaves(size))
    path = theirs.prove_inclusion(index + 1).path
    assert path[1:] == inclusion(index, size)
    assert theirs.prove_consistency(index + 1, size).kind


@given(sizes, st.integers(0, 299), st.data())
def test_a_proof_with_anything_changed_is_refused(size, index, data):
    index %= size
    path, root = inclusion(index, size), tree.root_of(leaves(size))
    wrong = data.draw(st.integers(0, len(path)))
    if wrong == len(path):
        path.append(b"\x00" * 32)
    else:
        path[wrong] = bytes([path[wrong][0] ^ 1]) + path[wrong][1:]
    leaf_hash = leaves(size)[index]
    assert not tree.verify_inclusion(
        leaf_hash=leaf_hash, index=index, size=size, path=path, root=root
    )


@given(st.integers(2, 300), st.integers(1, 299), st.data())
def test_a_log_that_was_rewritten_is_not_consistent(new, old, data):
    old = 1 + (old - 1) % (new - 1)
    changed = leaves(old)
    changed[data.draw(st.integers(0, old - 1))] = b"\x00" * 32
    roots = {"old_root": tree.root_of(changed), "new_root": tree.root_of(leaves(new))}
    assert not tree.verify_consistency(old=old, new=new, path=consistency(old, new), **roots)


@given(sizes, sizes)
def test_appending_in_two_batches_is_appending_in_one(first, second):
    all_leaves = leaves(first + second)
    half, made = tree.append(tree.Frontier(), all_leaves[:first])
    whole, more = tree.append(half, all_leaves[first:])
    assert (whole, made + more) == tree.append(tree.Frontier(), all_leaves)


@pytest.mark.parametrize("old", [0, 5])
def test_a_log_is_consistent_with_nothing_and_with_itself(old):
    roots = {"old_root": tree.root_of(leaves(old)), "new_root": tree.root_of(leaves(5))}
    assert consistency(old, 5) == []
    assert tree.verify_consistency(old=old, new=5, path=[], **roots)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_what_is_not_in_the_log_has_no_proof(index, size):
    with pytest.raises(ValueError, match="not in a log"):
        tree.inclusion_ranges(index, size)
    assert not tree.verify_inclusion(
        leaf_hash=b"", index=index, size=size, path=[], root=tree.EMPTY_ROOT
    )


def test_a_proof_in_a_log_of_a_million_needs_few_hashes():
    for index in (0, 524_288, 999_999):
        needed = [
            name for r in tree.inclusion_ranges(index, 1_000_000) for name in tree.subtrees(r)
        ]
        assert len(needed) <= 26
