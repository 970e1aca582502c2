#!/usr/bin/env python3
"""Checks an exported Yeslist ledger without trusting whoever exported it.

One file, Python 3.11 or later, nothing to install:

    python yeslist_verify.py ledger.jsonl --origin texts.example.org/yeslist-ledger \
        --key 'texts.example.org/yeslist-ledger+1a2b3c4d+AZ…' --held-checkpoint checkpoint-480.txt

Take the origin and the key from somewhere other than the file; `-` reads standard input.
Exit status: 0 all holds, 1 something does not (the first bad position is named), 2 the question
was asked wrongly and nothing was checked.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

FORMAT = "yeslist-ledger-1"
STATUS = {
    "requested": "requested",
    "confirmed": "confirmed",
    "reconfirmed": "confirmed",
    "declined": "declined",
    "withdrawn": "withdrawn",
    "expired": "expired",
}
# Kinds of events that leave the standing alone.
OTHER_KINDS = {
    "guardian_confirmed",
    "held",
    "released",
    "imported_evidence",
    "number_changed",
    "erased",
    "corrected",
}
PROMISE = ("notice", "promised_texts", "promised_days", "expires_at")
HEADER_FIELDS = {
    *("actor", "corrects", "form", "form_version", "id", "kind", "occurred_at", "purpose"),
    *("recorded_at", "schema", "subject", *PROMISE),
}
STANDING_FIELDS = {"event", "purpose", "since_at", "status", "subject", *PROMISE}
TEXTS = ("actor", "id", "kind", "occurred_at", "recorded_at", "subject")
TEXTS_OR_NULL = ("corrects", "expires_at", "notice", "purpose")
COUNTS_OR_NULL = ("form", "form_version", "promised_days", "promised_texts")
LONGEST_LINE = 4_000_000


class Broken(Exception):
    """Where the bundle does not hold, and why."""


class NotCompared(Broken):
    """A checkpoint that the user holds says nothing about this bundle, for or against it."""


class AskedWrongly(Exception):
    """What the user gave cannot be used: this says nothing about the bundle."""


Point = tuple[int, int, int, int]


# --- Ed25519 (RFC 8032, section 5.1), verification only ----------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
BASE = (4 * pow(5, P - 2, P) % P).to_bytes(32, "little")


def _add(a: Point, b: Point) -> Point:
    """Points as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def _multiply(scalar: int, point: Point) -> Point:
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


def _decompress(raw: bytes) -> Point | None:
    """The point with this encoding, or None; only the one encoding of each point is taken."""
    y, sign = int.from_bytes(raw, "little") & ((1 << 255) - 1), raw[31] >> 7
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _decompress(public), _decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % L
    base = _decompress(BASE)
    assert base is not None  # noqa: S101
    left, right = _multiply(scalar, base), _add(commitment, _multiply(challenge, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- The tree (RFC 9162, section 2.1.1) --------------------------------------------------------
def append(stack: list[bytes], size: int, leaf: bytes) -> None:
    """Add leaf number `size` (counted from 1) to the complete subtrees on the stack."""
    stack.append(leaf)
    while not size & 1:
        right, left = stack.pop(), stack.pop()
        stack.append(hashlib.sha256(b"\x01" + left + right).digest())
        size >>= 1


def root(stack: list[bytes]) -> bytes:
    if not stack:
        return hashlib.sha256(b"").digest()
    total = stack[-1]
    for left in reversed(stack[:-1]):
        total = hashlib.sha256(b"\x01" + left + total).digest()
    return total


# --- Signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint) -----------------------------
def parse_key(text: str) -> tuple[str, bytes, bytes]:
    """(name, key hash, public key) of a verifier key `name+hash+base64`."""
    name, _, rest = text.strip().partition("+")
    key_hash, _, encoded = rest.partition("+")
    try:
        raw = unbase64(encoded, "--key")
    except Broken:
        raw = b""
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if not name or len(raw) != 33 or raw[0] != 1 or expected.hex() != key_hash:
        raise AskedWrongly("--key: not an Ed25519 verifier key (name+hash+base64)")
    return name, expected, raw[1:]


def open_checkpoint(note: str, pins: Pins, where: str) -> tuple[int, bytes]:
    """(size, root) of a checkpoint that a pinned key signed."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Broken(f"{where}: not a signed note")
    lines = signatures[:-1].split("\n")
    signed = [_signed(line, text + "\n", pins, where) for line in lines]
    if True not in signed:
        raise Broken(f"{where}: not signed by the key you gave")
    body = text.split("\n")
    if len(body) < 3 or not re.fullmatch("0|[1-9][0-9]{0,17}", body[1]):
        raise Broken(f"{where}: not a checkpoint")
    if body[0] != pins.origin:
        raise Broken(f"{where}: it is of the log {body[0][:80]!r}")
    root_hash = unbase64(body[2], where)
    if len(root_hash) != 32:
        raise Broken(f"{where}: not a checkpoint")
    return int(body[1]), root_hash


def _signed(line: str, text: str, pins: Pins, where: str) -> bool:
    match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
    if match is None:
        raise Broken(f"{where}: a line under the text is not a signature")
    raw = unbase64(match[2], where)
    for name, key_hash, public in pins.keys:
        if match[1] == name and raw[:4] == key_hash:
            if not ed25519_verify(public, text.encode(), raw[4:]):
                raise Broken(f"{where}: the signature does not fit the text")
            return True
    return False


# --- The bundle --------------------------------------------------------------------------------
@dataclass
class Pins:
    """What the user knows from elsewhere."""

    origin: str
    keys: list[tuple[str, bytes, bytes]]
    held: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Bundle:
    """What was read so far."""

    pins: Pins
    counts: dict[str, int]
    checkpoints: dict[int, bytes] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)
    used_notices: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    stack: list[bytes] = field(default_factory=list)
    earlier: set[int] = field(default_factory=set)
    leaves: int = 0
    bodies: int = 0
    # Of events without their evidence: how many there are of each person, and who was erased.
    absent: dict[str, int] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    signed_before: int = 0
    standings: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    compared: set[tuple[str, str]] = field(default_factory=set)
    later: set[tuple[str, str]] = field(default_factory=set)
    newest: tuple[object, ...] = ()
    subject: str = ""
    # Of evidence about one person: its events by id, and the commitments to what is not in clear.
    history: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    commitments: dict[int, bytes] = field(default_factory=dict)
    opened: int = 0
    messages: int = 0
    relied: int = 0
    unsealed: int = 0


SECTIONS = ("checkpoints", "notices", "leaves", "standings", "later")
TOP_FIELDS = {"format", "origin", *SECTIONS}


def verify_bundle(path: Path, pins: Pins) -> Bundle:
    """Check a bundle, which may come through a pipe.

    Raises `Broken`, which names the first bad position, or `AskedWrongly`.
    """
    try:
        if str(path) == "-":
            return _verify_any(sys.stdin.buffer, pins)
        if path.is_file() and zipfile.is_zipfile(path):
            return _verify_packed(path, pins)
        with path.open("rb") as file:
            return _verify_any(file, pins)
    except OSError as problem:
        raise AskedWrongly(f"{path}: {problem.strerror or problem}") from None


def _verify_any(file: BinaryIO, pins: Pins) -> Bundle:
    """The first line says which format it is. It is read once: a pipe has no way back."""
    top = _line(file, "line 1", None)
    if top.get("format") == EVIDENCE_FORMAT and top.keys() == EVIDENCE_FIELDS:
        return _verify_evidence(top, file, pins)
    if top.get("format") == FORMAT and top.keys() == TOP_FIELDS:
        return _verify(top, file, pins)
    raise Broken(f"line 1: not a bundle of the format {FORMAT} or {EVIDENCE_FORMAT}")


def _verify(top: dict[str, Any], file: BinaryIO, pins: Pins) -> Bundle:
    bundle = Bundle(pins, _counts(top, SECTIONS, pins))
    if not bundle.counts["checkpoints"]:
        raise Broken("line 1: no checkpoint, so nothing is proven")
    _check_sections(bundle, file, CHECKS)
    return bundle


def _counts(top: dict[str, Any], sections: tuple[str, ...], pins: Pins) -> dict[str, int]:
    """How many lines of each kind the first line announces."""
    if top["origin"] != pins.origin:
        raise Broken(f"line 1: the bundle is of another log, {str(top['origin'])[:80]!r}")
    for name in sections:
        if not _is_count(top[name]):
            raise Broken(f"line 1: {name} is not a count")
    return {name: top[name] for name in sections}


def _check_sections(bundle: Bundle, file: BinaryIO, checks: tuple[Check, ...]) -> None:
    for name, singular, check in checks:
        bundle.newest = ()
        for number in range(bundle.counts[name]):
            check(bundle, file, f"{singular} {number}", number)
        if name == "leaves":
            _all_signed(bundle)
    if file.read(1):
        raise Broken("after the last line: something follows")
    _complete(bundle)


def _checkpoint(bundle: Bundle, file: BinaryIO, where: str, number: int) -> None:
    note = _line(file, where, {"checkpoint"})["checkpoint"]
    if not isinstance(note, str) or len(note) > 10_000:
        raise Broken(f"{where}: not a signed note")
    size, root_hash = open_checkpoint(note, bundle.pins, where)
    if note.count("\n") != 5:
        raise Broken(f"{where}: more than three lines and our signature")
    _in_order(bundle, (size,), where)
    bundle.checkpoints[size] = root_hash


def _notice(bundle: Bundle, file: BinaryIO, where: str, number: int) -> None:
    line = _line(file, where, {"hash", "notice"})
    content = line["notice"]
    if not isinstance(content, str) or not isinstance(line["hash"], str):
        raise Broken(f"{where}: not a notice")
    if hashlib.sha256(content.encode()).hexdigest() != line["hash"]:
        raise Broken(f"{where}: the words were changed")
    _in_order(bundle, (line["hash"],), where)
    bundle.notices.add(line["hash"])


def _leaf(bundle: Bundle, file: BinaryIO, where: str, number: int) -> None:
    line = _line(file, where, {"body", "body_hash", "hash", "header", "leaf"})
    if not _is_count(line["leaf"]) or line["leaf"] != number:
        raise Broken(f"{where}: missing, or not in its place")
    header, body_hash = line["header"], _unhex(line["body_hash"], where)
    if not isinstance(header, str):
        raise Broken(f"{where}: no header")
    leaf_hash = hashlib.sha256(b"\x00" + header.encode() + body_hash).digest()
    if leaf_hash.hex() != line["hash"]:
        raise Broken(f"{where}: the event or its hash was changed")
    event = _event(bundle, header, where)
    _body(bundle, line["body"], body_hash, event, where)
    _replay(bundle, event)
    bundle.leaves += 1
    append(bundle.stack, bundle.leaves, leaf_hash)
    _compare_roots(bundle)


def _body(
    bundle: Bundle, body: object, body_hash: bytes, event: dict[str, Any], where: str
) -> None:
    """The encrypted evidence, where it is there."""
    if event["kind"] == "erased":
        bundle.erased.add(event["subject"])
    if body is None:
        bundle.absent[event["subject"]] = bundle.absent.get(event["subject"], 0) + 1
        return
    if hashlib.sha256(unbase64(body, where)).digest() != body_hash:
        raise Broken(f"{where}: the evidence was changed")
    bundle.bodies += 1


def _event(bundle: Bundle, header: str, where: str) -> dict[str, Any]:
    event = _parse(header, where, HEADER_FIELDS)
    if not _has_types(event):
        raise Broken(f"{where}: not in the form this format has")
    if event["schema"] != 1 or event["kind"] not in (*STATUS, *OTHER_KINDS):
        raise Broken(f"{where}: of a kind this program does not know")
    if event["id"] in bundle.events:
        raise Broken(f"{where}: the same event twice")
    if event["corrects"] is not None and event["corrects"] not in bundle.events:
        raise Broken(f"{where}: it corrects an event that is not before it")
    _use_notice(bundle, event["notice"], where)
    bundle.events.add(str(event["id"]))
    return event


def _has_types(event: dict[str, Any]) -> bool:
    """True is no 1 here, though Python calls the two equal."""
    return (
        all(type(event[name]) is str for name in TEXTS)
        and all(event[name] is None or type(event[name]) is str for name in TEXTS_OR_NULL)
        and all(event[name] is None or _is_count(event[name]) for name in COUNTS_OR_NULL)
        and _is_count(event["schema"])
    )


def _use_notice(bundle: Bundle, notice: object, where: str) -> None:
    if notice is None:
        return
    if notice not in bundle.notices:
        raise Broken(f"{where}: its notice is missing")
    bundle.used_notices.add(str(notice))


def _compare_roots(bundle: Bundle) -> None:
    for known, what in ((bundle.checkpoints, "checkpoint"), (bundle.pins.held, "your checkpoint")):
        expected = known.get(bundle.leaves)
        if expected is not None and expected != root(bundle.stack):
            raise Broken(
                f"leaves {bundle.signed_before} to {bundle.leaves - 1}: "
                f"one of them is not what {what} {bundle.leaves} signed"
            )
    if bundle.leaves in bundle.checkpoints:
        bundle.signed_before = bundle.leaves


def _all_signed(bundle: Bundle) -> None:
    ahead = [size for size in (*bundle.checkpoints, *bundle.pins.held) if size > bundle.leaves]
    if ahead:
        raise Broken(f"leaf {bundle.leaves}: missing, since checkpoint {min(ahead)} counts on it")
    if bundle.signed_before != bundle.leaves:
        raise Broken(f"leaf {bundle.signed_before}: no checkpoint signs it")


def _replay(bundle: Bundle, event: dict[str, Any]) -> None:
    kind, pair = str(event["kind"]), (str(event["subject"]), str(event["purpose"]))
    if event["purpose"] is None or kind not in STATUS:
        return
    before = bundle.standings.get(pair)
    if before and before["status"] == "confirmed" and kind in ("requested", "declined"):
        return
    yes = STATUS[kind] == "confirmed"
    bundle.standings[pair] = {
        "status": STATUS[kind],
        "since_at": event["occurred_at"],
        "event": event["id"] if yes else None,
        **{name: event[name] if yes else None for name in PROMISE},
    }


def _standing(bundle: Bundle, file: BinaryIO, where: str, number: int) -> None:
    line = _line(file, where, STANDING_FIELDS)
    pair = _pair(bundle, line, where)
    expected = bundle.standings.get(pair)
    if expected is None or _canonical(expected) != _canonical(line):
        raise Broken(f"{where}, {pair[1]} of {pair[0]}: not what the events lead to")
    bundle.compared.add(pair)


def _later(bundle: Bundle, file: BinaryIO, where: str, number: int) -> None:
    pair = _pair(bundle, _line(file, where, {"purpose", "subject"}), where)
    if pair not in bundle.standings or pair in bundle.compared:
        raise Broken(f"{where}: no such standing, or it is there twice")
    bundle.later.add(pair)


def _pair(bundle: Bundle, line: dict[str, Any], where: str) -> tuple[str, str]:
    subject, purpose = line.pop("subject"), line.pop("purpose")
    if not isinstance(subject, str) or not isinstance(purpose, str):
        raise Broken(f"{where}: not a standing")
    _in_order(bundle, (subject, purpose), where)
    return subject, purpose


def _complete(bundle: Bundle) -> None:
    missing = bundle.standings.keys() - bundle.compared - bundle.later
    if missing:
        subject, purpose = min(missing)
        raise Broken(f"standing of {subject} for {purpose}: missing")
    if bundle.notices != bundle.used_notices:
        raise Broken(f"notice {min(bundle.notices - bundle.used_notices)}: nothing refers to it")


Check = tuple[str, str, Callable[[Bundle, BinaryIO, str, int], None]]
CHECKS: tuple[Check, ...] = (
    ("checkpoints", "checkpoint line", _checkpoint),
    ("notices", "notice line", _notice),
    ("leaves", "leaf", _leaf),
    ("standings", "standing line", _standing),
    ("later", "later line", _later),
)


# --- Evidence about one person: some events, each with its way to one checkpoint ----------------
EVIDENCE_FORMAT = "yeslist-evidence-1"
EVIDENCE_SECTIONS = ("checkpoints", "earlier", "notices", "events")
EVIDENCE_FIELDS = {"format", "origin", "subject", *EVIDENCE_SECTIONS}


def _verify_evidence(top: dict[str, Any], file: BinaryIO, pins: Pins) -> Bundle:
    counts = _counts(top, EVIDENCE_SECTIONS, pins)
    if not isinstance(top["subject"], str) or not top["subject"]:
        raise Broken("line 1: not in the form this format has")
    if counts["checkpoints"] != 1:
        raise Broken("line 1: no checkpoint, or several: nothing is proven")
    bundle = Bundle(pins, counts, subject=top["subject"])
    _check_sections(bundle, file, EVIDENCE_CHECKS)
    _all_compared(bundle)
    return bundle


PACKED = ("proof.jsonl", "evidence.jsonl", "messages.jsonl")


def _verify_packed(path: Path, pins: Pins) -> Bundle:
    """The whole zip about one person: the proof, the evidence in clear, and the texts."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
            for name in PACKED:
                if names.count(name) != 1:
                    raise Broken(f"{name}: missing, or there twice")
            with packed.open(PACKED[0]) as file:
                bundle = _verify_any(cast(BinaryIO, file), pins)
            if not bundle.subject:
                raise Broken("proof.jsonl: not about one person")
            with packed.open(PACKED[1]) as file:
                _check_opened(bundle, cast(BinaryIO, file))
            with packed.open(PACKED[2]) as file:
                _check_messages(bundle, cast(BinaryIO, file))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
        raise Broken("the zip is damaged") from None
    return bundle


def _lines_of(file: BinaryIO, name: str, fields: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    number = 0
    while cast(Any, file).peek(1):
        number += 1
        where = f"{name}, line {number}"
        yield where, _line(file, where, fields)


def _check_opened(bundle: Bundle, file: BinaryIO) -> None:
    """Each piece of evidence in clear is the one whose commitment was sealed."""
    bundle.newest = ()
    for where, line in _lines_of(file, PACKED[1], {"evidence", "leaf", "salt"}):
        if not _is_count(line["leaf"]) or not isinstance(line["evidence"], str):
            raise Broken(f"{where}: not in the form this format has")
        _in_order(bundle, (line["leaf"],), where)
        salt, commitment = unbase64(line["salt"], where), bundle.commitments.pop(line["leaf"], b"")
        text = line["evidence"].encode("utf-8", "replace")
        if len(salt) != 32 or hashlib.sha256(salt + text).digest() != commitment:
            raise Broken(f"{where}: not the evidence that was sealed at leaf {line['leaf']}")
        bundle.opened += 1
    if bundle.commitments:
        raise Broken(f"leaf {min(bundle.commitments)}: its evidence is not shown in clear")


MESSAGE_FIELDS = {
    *("campaign", "consent", "id", "kind", "permitted_at", "purpose", "queued_at"),
    *("rules_not_met", "state", "text"),
}
NEVER_LEFT = {"queued", "withheld", "cancelled", "lapsed"}


def _check_messages(bundle: Bundle, file: BinaryIO) -> None:
    """Each text of a campaign that left relied on a yes that stood when it was permitted."""
    bundle.newest = ()
    for where, line in _lines_of(file, PACKED[2], MESSAGE_FIELDS):
        texts = [line[name] for name in ("kind", "queued_at", "state")]
        if not _is_count(line["id"]) or not all(type(each) is str for each in texts):
            raise Broken(f"{where}: not in the form this format has")
        _in_order(bundle, (line["id"],), where)
        bundle.messages += 1
        if line["campaign"] is not None and line["state"] not in NEVER_LEFT:
            _relied_on(bundle, line, where)


def _relied_on(bundle: Bundle, line: dict[str, Any], where: str) -> None:
    consent, permitted_at = line["consent"], line["permitted_at"]
    if not isinstance(consent, str) or not isinstance(permitted_at, str):
        raise Broken(f"{where}: it left without a consent")
    if consent not in bundle.history:
        bundle.unsealed += 1
        return
    place, yes = bundle.history[consent]
    if STATUS.get(yes["kind"]) != "confirmed" or yes["purpose"] != line["purpose"]:
        raise Broken(f"{where}: what it relied on is no yes to this purpose")
    if yes["occurred_at"] > permitted_at or (yes["expires_at"] or "9") <= permitted_at:
        raise Broken(f"{where}: the yes it relied on came later, or had ended")
    for later, event in bundle.history.values():
        ends = event["kind"] in ("withdrawn", "expired") and event["purpose"] == line["purpose"]
        if ends and later > place and event["occurred_at"] <= permitted_at:
            raise Broken(f"{where}: the yes it relied on had been taken back, or had ended")
    bundle.relied += 1


def _earlier(bundle: Bundle, file: BinaryIO, where: str, number: int) -> None:
    """That the log as it was, which an older checkpoint signed, begins the log of this bundle."""
    line = _line(file, where, {"path", "root", "size"})
    size, old_root = line["size"], _unhex(line["root"], where)
    [(new, new_root)] = bundle.checkpoints.items()
    if not _is_count(size) or not 0 < size < new or not isinstance(line["path"], list):
        raise Broken(f"{where}: not an earlier log")
    _in_order(bundle, (size,), where)
    path = [_unhex(each, where) for each in line["path"][:65]]
    if len(path) != len(line["path"]) or not _continues(size, new, old_root, new_root, path):
        raise Broken(f"{where}: the log of {size} events is not the beginning of this one")
    if bundle.pins.held.get(size, old_root) != old_root:
        raise Broken(f"your checkpoint {size}: the log of this bundle does not continue it")
    bundle.earlier.add(size)


def _continues(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> bool:
    """RFC 9162, section 2.1.4.2, for 0 < old < new."""
    hashes = path if old & (old - 1) else [old_root, *path]
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not hashes:
        return False
    before = after = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before = hashlib.sha256(b"\x01" + each + before).digest()
            after = hashlib.sha256(b"\x01" + each + after).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            after = hashlib.sha256(b"\x01" + after + each).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and (before, after) == (old_root, new_root)


def _all_compared(bundle: Bundle) -> None:
    for size, root_hash in bundle.checkpoints.items():
        if bundle.pins.held.get(size, root_hash) != root_hash:
            raise Broken(f"checkpoint {size}: not the one you hold")
    known = bundle.earlier | bundle.checkpoints.keys()
    apart = sorted(bundle.pins.held.keys() - known)
    if apart:
        raise NotCompared(
            f"your checkpoint {apart[0]}: the bundle has no way from it to its own, of "
            f"{max(bundle.checkpoints)}. Ask for one that has. All else holds"
        )


def _proven(bundle: Bundle, file: BinaryIO, where: str, number: int) -> None:
    line = _line(file, where, {"body", "body_hash", "header", "leaf", "path"})
    header, body_hash = line["header"], _unhex(line["body_hash"], where)
    if not isinstance(header, str) or not _is_count(line["leaf"]):
        raise Broken(f"{where}: no header, or no place")
    where = f"{where} (leaf {line['leaf']})"
    _in_order(bundle, (line["leaf"],), where)
    leaf_hash = hashlib.sha256(b"\x00" + header.encode() + body_hash).digest()
    _check_path(bundle, leaf_hash, line, where)
    event = _event(bundle, header, where)
    _body(bundle, line["body"], body_hash, event, where)
    if event["subject"] != bundle.subject:
        raise Broken(f"{where}: it is about somebody else")
    bundle.history[event["id"]] = (line["leaf"], event)
    if line["body"] is not None:
        bundle.commitments[line["leaf"]] = unbase64(line["body"], where)[:32]
    bundle.leaves += 1


def _check_path(bundle: Bundle, leaf_hash: bytes, line: dict[str, Any], where: str) -> None:
    if not isinstance(line["path"], list) or len(line["path"]) > 64:
        raise Broken(f"{where}: no way to the checkpoint")
    [(size, expected)] = bundle.checkpoints.items()
    path = [_unhex(each, where) for each in line["path"]]
    if _root_above(leaf_hash, line["leaf"], size, path) != expected:
        raise Broken(f"{where}: the event was changed, or is not in the log that was signed")


EVIDENCE_CHECKS: tuple[Check, ...] = (
    ("checkpoints", "checkpoint line", _checkpoint),
    ("earlier", "earlier line", _earlier),
    ("notices", "notice line", _notice),
    ("events", "event line", _proven),
)


def _root_above(leaf_hash: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """RFC 9162, section 2.1.3.2: where this way leads; None if it is no way at all."""
    node, last, current = index, size - 1, leaf_hash
    if index > last:
        return None
    for beside in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            current = hashlib.sha256(b"\x01" + beside + current).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            current = hashlib.sha256(b"\x01" + current + beside).digest()
        node, last = node >> 1, last >> 1
    return current if last == 0 else None


# --- Strict reading: one text for each value, so that no byte can change unnoticed -------------
def _line(file: BinaryIO, where: str, fields: set[str] | None) -> dict[str, Any]:
    raw = file.readline(LONGEST_LINE)
    if not raw.endswith(b"\n"):
        raise Broken(f"{where}: the file ends before it, or within it")
    try:
        return _parse(raw[:-1].decode("ascii"), where, fields)
    except UnicodeDecodeError:
        raise Broken(f"{where}: not ASCII") from None


def _parse(text: str, where: str, fields: set[str] | None) -> dict[str, Any]:
    """An object with exactly these fields; with any, where they are None."""
    try:
        value = json.loads(text, parse_float=_no_number_of_ours, parse_constant=_no_number_of_ours)
        same = _canonical(value) == text
        if "\\ud" in text:  # half a character cannot be hashed
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Broken(f"{where}: not JSON") from None
    if not isinstance(value, dict) or not same or value.keys() != (fields or value.keys()):
        raise Broken(f"{where}: not in the form this format has")
    return value


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _no_number_of_ours(text: str) -> Any:
    raise ValueError(f"{text[:20]} is not a whole number")


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _in_order(bundle: Bundle, key: tuple[object, ...], where: str) -> None:
    if bundle.newest and not bundle.newest < key:
        raise Broken(f"{where}: out of order, or there twice")
    bundle.newest = key


def _unhex(text: object, where: str) -> bytes:
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{64}", text):
        raise Broken(f"{where}: not a hash")
    return bytes.fromhex(text)


def unbase64(text: object, where: str) -> bytes:
    try:
        raw = base64.b64decode(str(text).encode("ascii"), validate=True)
    except ValueError:
        raise Broken(f"{where}: not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Broken(f"{where}: not base64")
    return raw


# --- The command -------------------------------------------------------------------------------
def read_pins(origin: str, keys: list[str], held: list[str]) -> Pins:
    """What the user gave; raises `AskedWrongly`, or `Broken` where two checkpoints disagree."""
    pins = Pins(origin, [parse_key(key) for key in keys])
    for name in held:
        size, root_hash = _held(name, pins)
        if pins.held.setdefault(size, root_hash) != root_hash:
            raise Broken(f"{name}: the log was shown to you in two versions (size {size})")
    return pins


def _held(name: str, pins: Pins) -> tuple[int, bytes]:
    try:
        return open_checkpoint(Path(name).read_bytes().decode(), pins, name)
    except (OSError, UnicodeDecodeError):
        raise AskedWrongly(f"{name}: cannot be read") from None
    except Broken as problem:
        raise AskedWrongly(str(problem)) from None


def complaint(problem: Broken) -> str:
    if isinstance(problem, NotCompared):
        return f"NOT ALL IS COMPARED. {problem}."
    return f"DOES NOT HOLD. {problem}"


def _absence(bundle: Bundle) -> str:
    """Only a person who was erased has no evidence; it may also have been left out."""
    gone = sum(count for person, count in bundle.absent.items() if person in bundle.erased)
    left_out = sum(bundle.absent.values()) - gone
    return (
        f"{gone} pieces are gone: their people were erased. "
        f"{left_out} were left out: no event says that their people were erased."
    )


def _in_clear(bundle: Bundle) -> list[str]:
    if bundle.commitments or not (bundle.opened or bundle.messages):
        return ["The evidence in clear was not checked: give the whole zip for that."]
    return [
        f"{bundle.opened} pieces of evidence in clear are those that were sealed.",
        f"{bundle.messages} texts: {bundle.relied} of campaigns left on a yes that stood then.",
        f"{bundle.unsealed} texts relied on an entry that is not sealed yet: not checked.",
        "That no text is missing, and what the texts say, nothing here can prove.",
    ]


def report(bundle: Bundle) -> str:
    held = ", ".join(str(size) for size in sorted(bundle.pins.held)) or "none was given"
    if bundle.subject:
        return "\n".join(
            [
                f"The evidence holds: it is in the ledger {bundle.pins.origin}.",
                f"{bundle.leaves} events of {bundle.subject}: none changed, moved or backdated.",
                f"{bundle.bodies} pieces of encrypted evidence have the hash that was sealed.",
                _absence(bundle),
                *_in_clear(bundle),
                f"{len(bundle.notices)} notices have the words that were sealed.",
                f"Checkpoints you hold: {held}."
                + (" The log continues each of them." if bundle.pins.held else ""),
                "Whether events are missing, only an export of the whole ledger can tell.",
            ]
        )
    return "\n".join(
        [
            f"The ledger {bundle.pins.origin} holds.",
            f"{bundle.leaves} events: none changed, missing, moved or added.",
            f"{bundle.bodies} pieces of encrypted evidence have the hash that was sealed.",
            _absence(bundle),
            f"{len(bundle.checkpoints)} checkpoints carry a signature by the key you gave.",
            f"{len(bundle.notices)} notices have the words that were sealed.",
            f"{len(bundle.compared)} standings are what the events lead to.",
            f"{len(bundle.later)} changed after the last checkpoint and were not compared.",
            f"Checkpoints you hold: {held}."
            + ("" if bundle.pins.held else " Without one, events at the end could be missing."),
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Checks an exported Yeslist ledger.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--origin", required=True, help="the name of the log")
    parser.add_argument("--key", required=True, action="append", help="its public key")
    parser.add_argument(
        "--held-checkpoint", action="append", default=[], help="a checkpoint you were given before"
    )
    given = parser.parse_args(arguments)
    try:
        pins = read_pins(given.origin, given.key, given.held_checkpoint)
        print(report(verify_bundle(given.bundle, pins)))
    except Broken as problem:
        print(complaint(problem))
        return 1
    except AskedWrongly as problem:
        print(f"NOTHING WAS CHECKED. {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
