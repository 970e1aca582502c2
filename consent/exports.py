"""The log as one file that anyone can check with verifier/yeslist_verify.py.

docs/ledger.md describes the format; every byte of it is covered by a hash, a signature, a count
or the order, so the verifier notices any change. Evidence is left out unless asked for: it is
encrypted, but whoever is erased later should not live on in copies.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from django.db import connection

from consent.models import LedgerCheckpoint, NoticeVersion
from consent.notices import canonical, notice_content
from consent.proofs import newest_checkpoint
from consent.replay import Pair, Standing, pending_headers, standings_kept
from consent.sealing import canonical_header, moment, origin
from consent.verification import leaf_rows, snapshot

FORMAT = "yeslist-ledger-1"
Line = dict[str, object]
_LATER = """
    SELECT DISTINCT e.subject_reference, p.code
    FROM consent_ledgerleaf l JOIN consent_consentevent e ON e.id = l.event_id
    JOIN consent_purpose p ON p.id = e.purpose_id WHERE l.position >= %s
"""
_BEFORE = """
    SELECT DISTINCT e.subject_reference, p.code
    FROM consent_ledgerleaf l JOIN consent_consentevent e ON e.id = l.event_id
    JOIN consent_purpose p ON p.id = e.purpose_id
    WHERE l.position < %s AND e.subject_reference = ANY(%s)
"""


class UnableToExport(Exception):
    """There is no signed checkpoint yet."""


@dataclass(frozen=True)
class Scope:
    """What goes into a bundle: the log up to its newest checkpoint."""

    size: int
    with_bodies: bool
    every_checkpoint: bool


def export_ledger(path: Path, *, with_bodies: bool = False, every_checkpoint: bool = False) -> int:
    """Write a bundle and return how many events it holds. A bundle is there whole or not at all."""
    with snapshot():
        newest = newest_checkpoint()
        if newest is None:
            raise UnableToExport
        scope = Scope(newest.size, with_bodies, every_checkpoint)
        with _appearing_whole(path) as draft:
            draft.writelines(to_line(line) for line in _lines(scope))
    return newest.size


@contextmanager
def _appearing_whole(path: Path) -> Iterator[IO[str]]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="ascii", newline="\n") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def to_line(line: Line) -> str:
    return json.dumps(line, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def _lines(scope: Scope) -> Iterator[Line]:
    checkpoints, notices = _checkpoints(scope), _notices(scope)
    later, standings = _standings(scope)
    yield {
        "format": FORMAT,
        "origin": origin(),
        "checkpoints": len(checkpoints),
        "notices": len(notices),
        "leaves": scope.size,
        "standings": len(standings),
        "later": len(later),
    }
    yield from checkpoints
    yield from notices
    yield from _leaves(scope)
    yield from standings
    yield from later


def _checkpoints(scope: Scope) -> list[Line]:
    """Those that were handed out and the newest; every one on request."""
    chosen = LedgerCheckpoint.objects.order_by("size")
    if not scope.every_checkpoint:
        handed_out = chosen.filter(handouts__problem="").distinct()
        chosen = handed_out | chosen.filter(size=scope.size).distinct()
    return [{"checkpoint": note} for note in chosen.values_list("note", flat=True)]


def _notices(scope: Scope) -> list[Line]:
    """The exact words of every notice that a sealed event refers to."""
    named = NoticeVersion.objects.raw(
        """
        SELECT n.* FROM consent_noticeversion n WHERE n.id IN (
            SELECT e.notice_version_id FROM consent_ledgerleaf l
            JOIN consent_consentevent e ON e.id = l.event_id WHERE l.position < %s)
        ORDER BY n.content_hash
        """,
        [scope.size],
    )
    return [
        {
            "hash": bytes(version.content_hash or b"").hex(),
            "notice": canonical(notice_content(version)).decode(),
        }
        for version in named
    ]


def _leaves(scope: Scope) -> Iterator[Line]:
    with closing(leaf_rows()) as rows:
        for position, stored, body, header in islice(rows, scope.size):
            if header is None:
                raise UnableToExport(f"leaf {position} has no event")
            shown = base64.b64encode(body).decode() if body and scope.with_bodies else None
            yield {
                "leaf": position,
                "header": canonical_header(header).decode(),
                "body_hash": header.body_hash.hex(),
                "body": shown,
                "hash": stored.hex(),
            }


def _standings(scope: Scope) -> tuple[list[Line], list[Line]]:
    """Those that have moved on since the checkpoint, and all others."""
    moved = {(h.subject, h.purpose) for h in pending_headers() if h.purpose is not None}
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [scope.size])
        moved |= set(cursor.fetchall())
        cursor.execute(_BEFORE, [scope.size, list({subject for subject, _purpose in moved})])
        sealed_before = set(cursor.fetchall())
    kept = standings_kept()
    later = [_name(pair) for pair in _sorted(moved & sealed_before & kept.keys())]
    return later, [_standing(pair, kept[pair]) for pair in _sorted(kept.keys() - moved)]


def _sorted(pairs: set[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: (str(pair[0]), pair[1]))


def _name(pair: Pair) -> Line:
    return {"subject": str(pair[0]), "purpose": pair[1]}


def _standing(pair: Pair, standing: Standing) -> Line:
    event, notice = standing.confirming_event, standing.notice_hash
    return {
        **_name(pair),
        "status": standing.status,
        "since_at": moment(standing.since_at),
        "event": None if event is None else str(event),
        "notice": None if notice is None else notice.hex(),
        "promised_texts": standing.promised_texts,
        "promised_days": standing.promised_days,
        "expires_at": moment(standing.expires_at),
    }
