"""One person's events with the proof of each: what verifier/yeslist_verify.py checks by itself.

JSON lines, as docs/receipts.md lists them. The events of others are not in it: each proof
leads from its event to one signed checkpoint by the hashes beside the way.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from django.db import connection

from consent.exports import Line
from consent.ledger import open_evidence
from consent.models import LedgerCheckpoint, NoticeVersion
from consent.notices import canonical, notice_content
from consent.proofs import earlier_logs, inclusion_path, newest_checkpoint
from consent.sealing import EVENT_COLUMNS, EVENT_TABLES, canonical_header, headers, origin
from subscribers.models import SubjectKey, Subscriber

FORMAT = "yeslist-evidence-1"
_SEALED = f"""
    SELECT l.position, v.ciphertext, {EVENT_COLUMNS}
    FROM consent_ledgerleaf l
    JOIN ({EVENT_TABLES}) ON e.id = l.event_id
    LEFT JOIN consent_consentevidence v ON v.event_id = e.id
    WHERE e.subject_reference = %s AND l.position < %s ORDER BY l.position
"""


def proof_lines(subscriber: Subscriber, *, held_sizes: Sequence[int] = ()) -> Iterator[Line]:
    """All that is sealed about this person; events of the last seconds may not be yet.

    `held_sizes`: of checkpoints that the receiver has, beside those that were handed out: the
    way from each to the checkpoint of the bundle is proven, so that they can be compared.
    """
    checkpoint = newest_checkpoint()
    earlier = _earlier(checkpoint, held_sizes) if checkpoint else []
    notices = _notices(subscriber, checkpoint) if checkpoint else []
    events = list(_events(subscriber, checkpoint)) if checkpoint else []
    yield {
        "format": FORMAT,
        "origin": origin(),
        "subject": str(subscriber.subject_reference),
        "checkpoints": 1 if checkpoint else 0,
        "earlier": len(earlier),
        "notices": len(notices),
        "events": len(events),
    }
    if checkpoint:
        yield {"checkpoint": checkpoint.note}
    yield from earlier
    yield from notices
    yield from events


def opened_lines(subscriber: Subscriber) -> Iterator[Line]:
    """The evidence in clear, with the salt by which it can be compared with what was sealed.

    Names the person wherever the evidence does. No key is given away: one that opened these
    would open what is written about the same person later, and outlive their erasure.
    """
    checkpoint = newest_checkpoint()
    key = SubjectKey.objects.filter(subscriber=subscriber).first()
    if checkpoint is None or key is None:
        return
    sealed = subscriber.events.filter(
        leaf__position__lt=checkpoint.size, evidence__isnull=False
    ).select_related("leaf", "evidence")
    for event in sealed.order_by("leaf__position"):
        opened = open_evidence(event, event.evidence.ciphertext, key=key.key)
        yield {
            "leaf": event.leaf.position,
            "salt": base64.b64encode(opened.salt).decode(),
            "evidence": opened.text,
        }


def _earlier(checkpoint: LedgerCheckpoint, held_sizes: Sequence[int]) -> list[Line]:
    handed_out = LedgerCheckpoint.objects.filter(handouts__problem="").values_list(
        "size", flat=True
    )
    return [
        {"size": each.size, "root": each.root.hex(), "path": [one.hex() for one in each.path]}
        for each in earlier_logs([*handed_out, *held_sizes], checkpoint.size)
    ]


def _notices(subscriber: Subscriber, checkpoint: LedgerCheckpoint) -> list[Line]:
    named = subscriber.events.filter(leaf__position__lt=checkpoint.size)
    versions = NoticeVersion.objects.filter(pk__in=named.values("notice_version"))
    return [
        {
            "hash": bytes(version.content_hash or b"").hex(),
            "notice": canonical(notice_content(version)).decode(),
        }
        for version in versions.order_by("content_hash")
    ]


def _events(subscriber: Subscriber, checkpoint: LedgerCheckpoint) -> Iterator[Line]:
    with connection.cursor() as cursor:
        cursor.execute(_SEALED, [subscriber.subject_reference, checkpoint.size])
        rows = cursor.fetchall()
    for position, body, *columns in rows:
        header = next(headers(iter([tuple(columns)])))
        yield {
            "leaf": position,
            "header": canonical_header(header).decode(),
            "body_hash": header.body_hash.hex(),
            "body": base64.b64encode(bytes(body)).decode() if body else None,
            "path": [each.hex() for each in inclusion_path(position, checkpoint.size)],
        }
