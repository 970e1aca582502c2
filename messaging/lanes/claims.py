"""The first half of a turn: which messages, and what is known about them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from messaging.models import COUNTS_AS_SENT, MessageKind, Sender
from messaging.rules import Frequency, SendFacts
from messaging.texts import open_text
from subscribers.encryption import UnableToDecrypt
from subscribers.models import SubjectKey, Subscriber

CLAIM = """
    SELECT m.id, m.subscriber_id FROM messaging_message m
    LEFT JOIN messaging_campaign k ON k.id = m.campaign_id
    WHERE m.sender_id = %(sender)s AND m.state = 'queued' AND m.send_after <= %(at)s
      AND (m.kind = 'marketing') = %(marketing)s
      AND (k.id IS NULL OR k.status = 'running')
    ORDER BY m.send_after, m.id LIMIT %(limit)s
    FOR UPDATE OF m SKIP LOCKED
"""
# A person someone else is busy with stays queued; nothing here ever waits.
LOCK_PEOPLE = """
    SELECT id FROM subscribers_subscriber WHERE id = ANY(%(people)s)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
# A statement of its own, after the locks: it sees whatever was committed while we took them.
LOAD = """
    SELECT m.id, m.kind, m.campaign_id, m.confirmation_id, m.subscriber_id, m.purpose_id,
        m.language, m.parts,
        m.lapses_at, m.receipt_token, m.text_ciphertext,
        s.public_id, s.number_ciphertext, d.wrapped_key,
        (SELECT count(*) FROM messaging_attempt y
            WHERE y.message_id = m.id AND y.outcome = 'throttled') AS throttled,
        c.confirming_event_id, c.promised_texts, c.promised_days,
        COALESCE(c.status = 'confirmed' AND (c.expires_at IS NULL OR c.expires_at > %(at)s), false)
            AS consented,
        p.chosen_texts, p.chosen_days, p.paused_until_at,
        EXISTS (SELECT 1 FROM consent_suppression x
            WHERE x.number_digest = s.number_digest AND x.lifted_at IS NULL) AS suppressed,
        EXISTS (SELECT 1 FROM consent_hold h
            WHERE h.subscriber_id = s.id AND h.released_at IS NULL) AS held,
        EXISTS (SELECT 1 FROM consent_confirmation f
            WHERE f.id = m.confirmation_id AND f.outcome = 'open' AND f.expires_at > %(at)s)
            AS request_open,
        ARRAY(SELECT o.permitted_at FROM messaging_message o
            WHERE o.subscriber_id = s.id AND o.purpose_id = m.purpose_id AND o.id <> m.id
              AND o.state = ANY(%(sent)s)
              AND o.permitted_at > %(at)s - make_interval(days =>
                  GREATEST(COALESCE(c.promised_days, 0), COALESCE(p.chosen_days, 0)))
            ORDER BY o.permitted_at) AS sent_at,
        (SELECT max(o.permitted_at) FROM messaging_message o
            WHERE o.subscriber_id = s.id AND o.kind = m.kind AND m.campaign_id IS NULL
              AND o.id <> m.id AND o.state = ANY(%(sent)s)) AS answered_at
    FROM messaging_message m
    JOIN subscribers_subscriber s ON s.id = m.subscriber_id
    LEFT JOIN subscribers_subjectkey d ON d.subscriber_id = s.id
    LEFT JOIN consent_consent c ON c.subscriber_id = s.id AND c.purpose_id = m.purpose_id
    LEFT JOIN consent_preference p ON p.subscriber_id = s.id AND p.purpose_id = m.purpose_id
    WHERE m.id = ANY(%(ids)s) AND m.subscriber_id = ANY(%(people)s)
    ORDER BY m.send_after, m.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One locked message and everything the turn needs to decide and to send it.

    What is personal lives only as long as the turn. `body` is "" for a campaign's
    text, whose words come from the campaign.
    """

    id: int
    kind: MessageKind
    campaign_id: int | None
    confirmation_id: int | None
    subscriber_id: int
    purpose_id: int | None
    language: str
    parts: int
    throttled: int
    lapses_at: datetime
    receipt_token: str
    confirming_event_id: uuid.UUID | None
    facts: SendFacts
    to: str = field(repr=False)
    body: str = field(repr=False)
    key: bytes = field(repr=False)


def claim(sender: Sender, *, marketing: bool, limit: int, at: datetime) -> list[Claimed]:
    """Lock due messages and their people, then load the facts. Inside a transaction."""
    wanted = {"sender": sender.pk, "marketing": marketing, "limit": limit, "at": at}
    messages = _rows(CLAIM, wanted)
    if not messages:
        return []
    people = [
        row["id"] for row in _rows(LOCK_PEOPLE, {"people": [r["subscriber_id"] for r in messages]})
    ]
    ids = [row["id"] for row in messages]
    sent = [str(state) for state in COUNTS_AS_SENT]
    known = {"ids": ids, "people": people, "sent": sent, "at": at}
    return [_claimed(row, at) for row in _rows(LOAD, known)]


def _rows(statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


COPIED = (
    "id", "campaign_id", "confirmation_id", "subscriber_id", "purpose_id", "language", "parts",
    "throttled", "lapses_at", "receipt_token", "confirming_event_id",
)  # fmt: skip


def _claimed(row: dict[str, Any], at: datetime) -> Claimed:
    copied = {name: row[name] for name in COPIED}
    to, body, key = _readable(row)
    facts = _facts(row, at, number_known=bool(to))
    kind = MessageKind(row["kind"])
    return Claimed(kind=kind, facts=facts, to=to, body=body, key=key, **copied)


def _readable(row: dict[str, Any]) -> tuple[str, str, bytes]:
    """Number, text and data key; empty where something cannot be read.

    One row that does not decrypt must not hold up everybody behind it: the gate
    withholds it, like one whose number is gone.
    """
    try:
        to = Subscriber.decrypt_number(row["number_ciphertext"], row["public_id"])
        key = SubjectKey.unwrap(row["wrapped_key"] or b"\0", row["subscriber_id"])
        return to, _text(row, key), key
    except UnableToDecrypt:
        return "", "", b""


def _text(row: dict[str, Any], key: bytes) -> str:
    if row["text_ciphertext"] is None or row["campaign_id"] is not None:
        return ""
    return open_text(row["text_ciphertext"], key=key, receipt_token=row["receipt_token"])


def _facts(row: dict[str, Any], at: datetime, *, number_known: bool) -> SendFacts:
    return SendFacts(
        at=at,
        suppressed=row["suppressed"],
        held=row["held"],
        consented=row["consented"],
        promised=_frequency(row["promised_texts"], row["promised_days"]),
        chosen=_frequency(row["chosen_texts"], row["chosen_days"]),
        paused_until=row["paused_until_at"],
        sent_at=tuple(row["sent_at"]),
        number_known=number_known,
        request_open=row["request_open"],
        answered_at=row["answered_at"],
    )


def _frequency(texts: int | None, days: int | None) -> Frequency | None:
    return None if texts is None or days is None else Frequency(texts, days)
