"""The first half of a turn: which messages, and what is known about them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection

from messaging.facts import Known, Question, load
from messaging.models import MessageKind, Sender
from messaging.rules import SendFacts
from messaging.texts import open_text
from subscribers.encryption import UnableToDecrypt
from subscribers.models import SubjectKey, Subscriber

DUE = """
    FROM messaging_message m
    LEFT JOIN messaging_campaign k ON k.id = m.campaign_id
    WHERE m.sender_id = %(sender)s AND m.state = 'queued' AND m.send_after <= %(at)s
      AND (m.campaign_id IS NOT NULL) = %(marketing)s
      AND (k.id IS NULL OR k.status = 'running'
           AND (k.canary_left_at IS NULL OR k.canary_passed_at IS NOT NULL))
    ORDER BY m.send_after, m.id LIMIT %(limit)s
"""
CLAIM = f"""
    SELECT m.id, m.subscriber_id, m.kind, m.campaign_id, m.confirmation_id, m.purpose_id,
        m.language, m.parts, m.lapses_at, m.receipt_token, m.text_ciphertext,
        (SELECT count(*) FROM messaging_attempt y
            WHERE y.message_id = m.id AND y.outcome = 'throttled') AS throttled
    {DUE}
    FOR UPDATE OF m SKIP LOCKED
"""
# Without a lock and without a promise: only so that no lane reserves much more than it can use.
COUNT_DUE = f"SELECT COALESCE(sum(d.parts), 0)::int AS parts FROM (SELECT m.parts {DUE}) d"
# A person someone else is busy with stays queued; nothing here ever waits.
LOCK_PEOPLE = """
    SELECT id FROM subscribers_subscriber WHERE id = ANY(%(people)s)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One locked message and everything the turn needs to decide and to send it.

    What is personal lives only as long as the turn. `body` is "" for a campaign's
    text, whose words come from the campaign; `answers` are the person's attributes for its
    placeholders, as JSON that is read only where words ask for them. `parts` is the most that
    the text may take, until it is filled and counted.
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
    answers: str = field(repr=False, default="{}")


def parts_due(sender: Sender, *, marketing: bool, limit: int, at: datetime) -> int:
    """About how many parts the next `limit` due messages have; 0: nothing is due."""
    wanted = {"sender": sender.pk, "marketing": marketing, "limit": limit, "at": at}
    return int(_rows(COUNT_DUE, wanted)[0]["parts"])


def claim(sender: Sender, *, marketing: bool, limit: int, at: datetime) -> list[Claimed]:
    """Lock due messages and their people, then load the facts. Inside a transaction."""
    wanted = {"sender": sender.pk, "marketing": marketing, "limit": limit, "at": at}
    due = _rows(CLAIM, wanted)
    if not due:
        return []
    people = _rows(LOCK_PEOPLE, {"people": [message["subscriber_id"] for message in due]})
    locked = {person["id"] for person in people}
    messages = [message for message in due if message["subscriber_id"] in locked]
    # A statement of its own, after the locks: it sees whatever was committed while we took them.
    known = load([_question(message) for message in messages], sender=sender, at=at)
    answered = zip(messages, known, strict=True)
    return [_claimed(message, about) for message, about in answered if about is not None]


def _rows(statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _question(message: dict[str, Any]) -> Question:
    return Question(
        message_id=message["id"],
        subscriber_id=message["subscriber_id"],
        kind=MessageKind(message["kind"]),
        purpose_id=message["purpose_id"],
        confirmation_id=message["confirmation_id"],
    )


COPIED = (
    "id", "campaign_id", "confirmation_id", "subscriber_id", "purpose_id", "language", "parts",
    "throttled", "lapses_at", "receipt_token",
)  # fmt: skip


def _claimed(message: dict[str, Any], known: Known) -> Claimed:
    copied = {name: message[name] for name in COPIED}
    to, body, key = _readable({**known.row, **message})
    return Claimed(
        kind=MessageKind(message["kind"]),
        confirming_event_id=known.row["confirming_event_id"],
        answers=known.row["answers"],
        facts=replace(known.facts, number_known=bool(to)),
        to=to,
        body=body,
        key=key,
        **copied,
    )


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
