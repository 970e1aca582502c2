"""Whether a receipt that somebody shows us is ours and unchanged.

The proof in the receipt is judged by itself first, with nothing but our public keys; what the
database says comes after, to name what was changed or to admit that our own log was.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from consent import tree
from consent.models import ConsentEvent, LedgerLeaf
from consent.notes import Checkpoint, InvalidNote, open_note
from consent.notices import canonical, hash_of_content
from consent.receipts import FORMAT, STATES, Json, assemble, leaf_of, receipt_of
from consent.sealing import verifier_keys

# Far above any receipt of ours: the words of a notice and some thirty hashes.
LONGEST = 250_000
# Twice what a receipt of ours has. A limit of our own: Python's depends on where it is asked.
DEEPEST = 16
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
PRINTED_CODE = re.compile(
    rf"{FORMAT} leaf (?P<leaf>[0-9]{{1,18}}) sha256 (?P<digest>[0-9a-f]{{64}})", re.ASCII
)


class Verdict(StrEnum):
    VALID = "valid"
    NOT_SEALED = "not_sealed"
    CHANGED = "changed"
    NOT_OURS = "not_ours"
    CONTRADICTED = "contradicted"
    UNREADABLE = "unreadable"
    # No key of ours is configured: nothing can be said about a signature.
    NO_KEYS = "no_keys"
    # Of the code on a printed receipt: the place in the log is right, the words were not seen.
    CODE_IN_LOG = "code_in_log"


@dataclass(frozen=True)
class Findings:
    """What each step found; None: not reached."""

    signature: bool | None = None
    inclusion: bool | None = None
    words: bool | None = None
    readable: bool | None = None
    log: bool | None = None


@dataclass(frozen=True)
class CheckedReceipt:
    """`changed_at` is the first place that differs, such as "events[0].event_time"."""

    verdict: Verdict
    findings: Findings = Findings()
    changed_at: str = ""
    content: Json | None = None

    @property
    def said_at(self) -> datetime | None:
        """When the yes was given, of a receipt whose content is true."""
        return (
            datetime.fromisoformat(self.content["events"][0]["event_time"])
            if self.content
            else None
        )


class _Unreadable(ValueError):
    """Not JSON, or not of the shape of a receipt."""


def check_receipt(text: str) -> CheckedReceipt:
    """Judge a receipt's JSON, or the code of a printed one. Never raises, whatever the text is."""
    code = PRINTED_CODE.fullmatch(text.strip())
    if code is not None:
        return _check_code(int(code["leaf"]), bytes.fromhex(code["digest"]))
    try:
        given = _parse(text)
        proof = _proof_of(given)
    except ValueError:
        return CheckedReceipt(Verdict.UNREADABLE)
    if not verifier_keys():
        return CheckedReceipt(Verdict.NO_KEYS)
    findings = _judge(given, proof)
    proven = findings.signature and findings.inclusion and findings.words and findings.readable
    if not proven:
        return _compared_with_records(given, findings)
    verdict = Verdict.VALID if findings.log else Verdict.CONTRADICTED
    return CheckedReceipt(verdict, findings, content=given)


def _check_code(position: int, digest: bytes) -> CheckedReceipt:
    found = LedgerLeaf.objects.filter(position=position).first()
    known = found is not None and bytes(found.leaf_hash) == digest
    return CheckedReceipt(Verdict.CODE_IN_LOG if known else Verdict.NOT_OURS, Findings(log=known))


def _parse(text: str) -> Json:
    if len(text) > LONGEST or _is_deeper(text, DEEPEST):
        raise _Unreadable
    # Of two equal names another reader might take the other one.
    given = json.loads(
        text, object_pairs_hook=_without_repeats, parse_constant=_refuse, parse_float=_finite
    )
    canonical(given)
    if not isinstance(given, dict) or _get(given, "receipt", "schema_version") != FORMAT:
        raise _Unreadable
    return given


def _is_deeper(text: str, most: int) -> bool:
    """Whether lists and objects stand in each other more than `most` times."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > most:
            return True
    return False


def _without_repeats(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unreadable
    return found


def _refuse(constant: str) -> Any:
    raise _Unreadable


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


@dataclass(frozen=True)
class _Proof:
    facts: Json
    notice: Json
    body_hash: bytes
    place: Json | None


def _proof_of(given: Json) -> _Proof:
    proof = given.get("proof")
    facts, notice = _get(proof, "header"), _get(proof, "notice")
    body_hash, place = _get(proof, "body_hash"), _get(proof, "log")
    shaped = isinstance(facts, dict) and isinstance(notice, dict) and isinstance(body_hash, str)
    if not shaped or not (place is None or isinstance(place, dict)):
        raise _Unreadable
    return _Proof(facts, notice, bytes.fromhex(body_hash), place)


def _judge(given: Json, proof: _Proof) -> Findings:
    leaf = leaf_of(proof.facts, proof.body_hash)
    words = hash_of_content(proof.notice).hex() == proof.facts.get("notice")
    if proof.place is None:
        return Findings(words=words)
    checkpoint = _signed_checkpoint(proof.place)
    if checkpoint is None:
        return Findings(signature=False, words=words)
    if not (words and _is_included(leaf, proof.place, checkpoint)):
        included = _is_included(leaf, proof.place, checkpoint)
        return Findings(signature=True, inclusion=included, words=words)
    return Findings(
        signature=True,
        inclusion=True,
        words=True,
        readable=_follows(given, proof, proof.place, checkpoint),
        log=_log_agrees(leaf, proof.place),
    )


def _signed_checkpoint(place: Json) -> Checkpoint | None:
    note = place.get("checkpoint")
    try:
        return open_note(note, keys=verifier_keys()) if isinstance(note, str) else None
    except InvalidNote:
        return None


def _is_included(leaf: bytes, place: Json, checkpoint: Checkpoint) -> bool:
    index, path = place.get("leaf_index"), place.get("inclusion_path")
    if not (type(index) is int and isinstance(path, list)):
        return False
    try:
        hashes = [bytes.fromhex(each) for each in path]
    except (TypeError, ValueError):
        return False
    return tree.verify_inclusion(
        leaf_hash=leaf, index=index, size=checkpoint.size, path=hashes, root=checkpoint.root
    )


def _follows(given: Json, proof: _Proof, place: Json, checkpoint: Checkpoint) -> bool:
    """Whether the receipt is, letter for letter, what follows from its proven parts.

    Called only for parts that are in a log we signed, so they have the shape we gave them.
    """
    if proof.facts["kind"] not in list(STATES):
        return False
    place = {
        "leaf_index": place["leaf_index"],
        "tree_size": checkpoint.size,
        "inclusion_path": [bytes.fromhex(each).hex() for each in place["inclusion_path"]],
        "checkpoint": place["checkpoint"],
    }
    follows = assemble(proof.facts, proof.notice, proof.body_hash, place)
    return canonical(given) == canonical(follows)


def _log_agrees(leaf: bytes, place: Json) -> bool:
    kept = LedgerLeaf.objects.filter(position=place["leaf_index"]).first()
    return kept is not None and bytes(kept.leaf_hash) == leaf


def _compared_with_records(given: Json, findings: Findings) -> CheckedReceipt:
    """What is not proven is told apart by our own record of that event, if there is one."""
    event = _event_named(given)
    if event is None:
        return CheckedReceipt(Verdict.NOT_OURS, findings)
    ours = receipt_of(event).content
    if _get(given, "proof", "log") is None:
        ours["proof"]["log"] = None
    changed_at = next(_differences(given, ours), "")
    if not changed_at and _get(given, "proof", "log") is None:
        return CheckedReceipt(Verdict.NOT_SEALED, findings, content=given)
    return CheckedReceipt(Verdict.CHANGED, findings, changed_at=changed_at or "proof.log")


def _event_named(given: Json) -> ConsentEvent | None:
    """By whichever of its names was left alone."""
    names = (
        _get(given, "receipt", "receipt_id"),
        _get(given, "header", "record_id"),
        _get(given, "proof", "header", "id"),
    )
    for name in names:
        event = _event(name)
        if event is not None:
            return event
    return None


def _event(name: object) -> ConsentEvent | None:
    try:
        event_id = UUID(str(name))
    except ValueError:
        return None
    found = ConsentEvent.objects.filter(
        pk=event_id, kind__in=STATES, purpose__isnull=False, notice_version__isnull=False
    )
    return found.select_related("notice_version").first()


def _differences(given: object, ours: object, at: str = "") -> Iterator[str]:
    """Where the two differ, first place first; a longer log is no difference."""
    if at == "proof.log":
        return
    if isinstance(given, dict) and isinstance(ours, dict):
        yield from _differing_names(given, ours, at)
    elif isinstance(given, list) and isinstance(ours, list) and len(given) == len(ours):
        for place, (one, other) in enumerate(zip(given, ours, strict=True)):
            yield from _differences(one, other, f"{at}[{place}]")
    elif canonical(given) != canonical(ours):
        yield at


def _differing_names(given: Json, ours: Json, at: str) -> Iterator[str]:
    for name in [*ours, *sorted(given.keys() - ours.keys())]:
        there = f"{at}.{name}" if at else name
        if name in given and name in ours:
            yield from _differences(given[name], ours[name], there)
        else:
            yield there
