"""The first half of a turn: which messages, and what is known about them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from messaging.facts import Known, Question, load
from messaging.lanes import chunks
from messaging.lanes.chunks import DueChunk
from messaging.lanes.shares import Shares
from messaging.models import KINDS, MessageKind, Sender
from messaging.statements import rows, tuples
from messaging.texts import open_text
from subscribers.encryption import UnableToDecrypt
from subscribers.models import SubjectKey, Subscriber

# How often the provider asked us to wait with a text, for those that were tried before.
THROTTLED = """CASE WHEN m.attempts_made = 0 THEN 0 ELSE (SELECT count(*) FROM messaging_attempt y
            WHERE y.message_id = m.id AND y.outcome = 'throttled') END AS throttled"""
COLUMNS = f"""m.id, m.subscriber_id, m.kind, m.campaign_id, m.confirmation_id, m.purpose_id,
        m.language, m.parts, m.lapses_at, m.receipt_token, m.text_ciphertext, {THROTTLED}"""
IN_CHUNK = f"""
    SELECT {COLUMNS} FROM messaging_message m
    WHERE m.id BETWEEN %(first)s AND %(last)s
      AND m.campaign_id IS NOT DISTINCT FROM %(campaign)s
      AND m.state IS NOT DISTINCT FROM 'queued' AND m.send_after <= %(at)s
    ORDER BY m.id LIMIT %(limit)s
    FOR UPDATE OF m SKIP LOCKED
"""
SYSTEM_DUE = """
    FROM messaging_message m
    WHERE m.sender_id = %(sender)s AND m.campaign_id IS NULL AND m.state = 'queued'
      AND m.send_after <= %(at)s
    ORDER BY m.send_after, m.id LIMIT %(limit)s
"""
SYSTEM_TEXTS = f"SELECT {COLUMNS} {SYSTEM_DUE} FOR UPDATE OF m SKIP LOCKED"
COUNT_SYSTEM_DUE = f"""
    SELECT COALESCE(sum(d.parts), 0)::int AS parts
    FROM (SELECT m.parts, m.send_after {SYSTEM_DUE}) d WHERE d.send_after > %(since)s
"""
# Campaigns do not wait longer for texts that nobody seems to send.
SYSTEM_TEXTS_TAKE = timedelta(seconds=30)
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
    country: str
    confirming_event_id: uuid.UUID | None
    known: Known = field(repr=False)
    to: str = field(repr=False)
    body: str = field(repr=False)
    key: bytes = field(repr=False)
    answers: str = field(repr=False, default="{}")


@dataclass
class Batch:
    """What a turn claimed. `chunks` are locked with it; `dry` campaigns had no more to give."""

    messages: list[Claimed] = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    dry: set[int] = field(default_factory=set)


def system_parts_due(sender: Sender, *, limit: int, at: datetime) -> int:
    """How many parts of the next `limit` texts that people wait for just became due."""
    wanted = {"sender": sender.pk, "limit": limit, "at": at, "since": at - SYSTEM_TEXTS_TAKE}
    return int(rows(COUNT_SYSTEM_DUE, wanted)[0]["parts"])


def claim_system_texts(sender: Sender, *, parts: int, at: datetime) -> Batch:
    """Lock due texts that people wait for, of about so many parts. Inside a transaction."""
    due = rows(SYSTEM_TEXTS, {"sender": sender.pk, "at": at, "limit": parts})
    return Batch(messages=_with_facts(_fitting(due, parts), sender, at))


def claim_campaign_texts(sender: Sender, *, shares: Shares, parts: int, at: datetime) -> Batch:
    """Lock due texts of the sender's campaigns, of about so many parts, in fair shares.

    Inside a transaction. What one campaign has no use for goes to the others.
    """
    batch, due = Batch(), []
    quotas = shares.split(parts, chunks.weights(sender.pk, at))
    for campaign_id, quota in quotas.items():
        due += _from_campaign(campaign_id, quota, batch, at)
    for campaign_id in quotas.keys() - batch.dry:
        left = parts - sum(row["parts"] for row in due)
        due += _from_campaign(campaign_id, left, batch, at)
    batch.messages = _with_facts(due, sender, at)
    return batch


def _from_campaign(
    campaign_id: int, parts: int, batch: Batch, at: datetime
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while (left := parts - sum(row["parts"] for row in found)) > 0:
        chunk = chunks.take_chunk(campaign_id, beside=batch.chunks, at=at)
        if chunk is None:
            batch.dry.add(campaign_id)
            break
        batch.chunks.append(chunk.id)
        found += _fitting(_in_chunk(chunk, campaign_id, left, at), left)
    return found


def _in_chunk(chunk: DueChunk, campaign_id: int, limit: int, at: datetime) -> list[dict[str, Any]]:
    wanted = {"first": chunk.first, "last": chunk.last, "campaign": campaign_id}
    return rows(IN_CHUNK, wanted | {"at": at, "limit": limit})


def _fitting(due: list[dict[str, Any]], parts: int) -> list[dict[str, Any]]:
    """As many as begin within so many parts; the last may be longer, or it would never leave."""
    before = accumulate((row["parts"] for row in due), initial=0)
    return [row for row, begins in zip(due, before, strict=False) if begins < parts]


def _with_facts(due: list[dict[str, Any]], sender: Sender, at: datetime) -> list[Claimed]:
    if not due:
        return []
    people = {"people": [message["subscriber_id"] for message in due]}
    locked = {id for (id,) in tuples(LOCK_PEOPLE, people)}
    messages = [message for message in due if message["subscriber_id"] in locked]
    # A statement of its own, after the locks: it sees whatever was committed while we took them.
    known = load([_question(message) for message in messages], sender=sender, at=at)
    answered = zip(messages, known, strict=True)
    return [_claimed(message, about) for message, about in answered if about is not None]


def _question(message: dict[str, Any]) -> Question:
    return Question(
        message_id=message["id"],
        subscriber_id=message["subscriber_id"],
        kind=KINDS[message["kind"]],
        purpose_id=message["purpose_id"],
        confirmation_id=message["confirmation_id"],
    )


COPIED = (
    "id", "campaign_id", "confirmation_id", "subscriber_id", "purpose_id", "language", "parts",
    "throttled", "lapses_at", "receipt_token",
)  # fmt: skip


def _claimed(message: dict[str, Any], known: Known) -> Claimed:
    copied = {name: message[name] for name in COPIED}
    to, body, key = _readable(message, known.row)
    return Claimed(
        kind=KINDS[message["kind"]],
        country=known.row["country"],
        confirming_event_id=known.row["confirming_event_id"],
        answers=known.row["answers"],
        known=known,
        to=to,
        body=body,
        key=key,
        **copied,
    )


def _readable(message: dict[str, Any], row: dict[str, Any]) -> tuple[str, str, bytes]:
    """Number, text and data key; empty where something cannot be read.

    One row that does not decrypt must not hold up everybody behind it: the gate
    withholds it, like one whose number is gone.
    """
    try:
        to = Subscriber.decrypt_number(row["number_ciphertext"], row["public_id"])
        key = SubjectKey.unwrap(row["wrapped_key"] or b"\0", row["subscriber_id"])
        return to, _text(message, key), key
    except UnableToDecrypt:
        return "", "", b""


def _text(message: dict[str, Any], key: bytes) -> str:
    if message["text_ciphertext"] is None or message["campaign_id"] is not None:
        return ""
    return open_text(message["text_ciphertext"], key=key, receipt_token=message["receipt_token"])
