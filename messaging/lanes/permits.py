"""The second half of the decision: ask the gate about each claimed message and write its answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from consent.operations.answers import note_texts_left
from messaging import gate
from messaging.lanes.claims import Claimed
from messaging.lanes.wording import Wording
from messaging.limiter import Load, Rates
from messaging.models import ANSWERS
from messaging.models.triggers import LIVE_SUPPRESSION, STANDING_CONSENT
from messaging.rules import Objection, SendFacts
from messaging.statements import run, tuples
from messaging.texts import seal_text

# IS NOT DISTINCT FROM keeps the planner on the ids: it would rather read all that is queued, where
# it last heard that nothing is. The database asks once more, in the statement that lets a text
# go: what it refuses stays queued, and cannot poison the batch.
PERMIT = f"""
    UPDATE messaging_message m
    SET state = 'submitting', permitted_at = %(at)s, attempts_made = m.attempts_made + 1,
        consent_event_id = v.consent_event_id, text_ciphertext = v.text_ciphertext,
        parts = v.parts, objections = '[]'::jsonb
    FROM (SELECT unnest(%(ids)b::bigint[]) AS id,
                 unnest(%(events)b::uuid[]) AS consent_event_id,
                 unnest(%(texts)b::bytea[]) AS text_ciphertext,
                 unnest(%(parts)b::int[]) AS parts) v
    WHERE m.id = v.id AND m.state IS NOT DISTINCT FROM 'queued'
      AND (m.campaign_id IS NULL
           OR EXISTS ({STANDING_CONSENT.format(m="m", event="v.consent_event_id")}))
      AND (m.kind = ANY(%(answers)s) OR NOT EXISTS ({LIVE_SUPPRESSION.format(m="m")}))
    RETURNING m.id, m.attempts_made
"""
WITHHOLD = """
    UPDATE messaging_message m
    SET state = v.state, objections = v.objections::jsonb, settled_at = %(at)s
    FROM (SELECT unnest(%(ids)b::bigint[]) AS id, unnest(%(states)s::text[]) AS state,
                 unnest(%(objections)s::text[]) AS objections) v
    WHERE m.id = v.id AND m.state IS NOT DISTINCT FROM 'queued'
"""
DEFER = """
    UPDATE messaging_message m
    SET send_after = v.send_after, objections = v.objections::jsonb
    FROM (SELECT unnest(%(ids)b::bigint[]) AS id,
                 unnest(%(times)s::timestamptz[]) AS send_after,
                 unnest(%(objections)s::text[]) AS objections) v
    WHERE m.id = v.id AND m.state IS NOT DISTINCT FROM 'queued'
"""


@dataclass(frozen=True, slots=True)
class Permitted:
    """One text that may leave now. `to` and `body` live only as long as the turn."""

    id: int
    campaign_id: int | None
    attempt: int
    to: str = field(repr=False)
    body: str = field(repr=False)
    receipt_token: str
    parts: int
    country: str
    # How often the provider asked us to wait with this one.
    throttled: int
    confirmation_id: int | None
    # Seconds from the reservation of its rate.
    starts_after: float


@dataclass(slots=True)
class Allowed:
    """A text to which nobody objects: as it leaves, and what it takes."""

    message: Claimed
    body: str = field(repr=False)
    parts: int
    starts_after: float = 0.0


@dataclass
class Decisions:
    """What the gate said about a batch, before it is written."""

    allowed: list[Allowed] = field(default_factory=list)
    ended: list[tuple[Claimed, str, list[Objection]]] = field(default_factory=list)
    later: list[tuple[Claimed, datetime, list[Objection]]] = field(default_factory=list)

    def reserve(self, rates: Rates, *, most: int | None = None) -> None:
        """Keep of the allowed those that the rates, and `most` parts, have room for.

        The others stay queued as they are. So does whatever was said of the same people: it may
        have been said because of a text that does not leave now.
        """
        within = self.allowed if most is None else self._within(most)
        starts = rates.reserve([Load(text.parts, text.message.country) for text in within])
        for text, start in zip(within, starts, strict=True):
            text.starts_after = -1.0 if start is None else start
        leaves = {id(text) for text in within if text.starts_after >= 0}
        waiting = {t.message.subscriber_id for t in self.allowed if id(t) not in leaves}
        self.allowed = [text for text in self.allowed if id(text) in leaves]
        self.ended = [each for each in self.ended if each[0].subscriber_id not in waiting]
        self.later = [each for each in self.later if each[0].subscriber_id not in waiting]

    def _within(self, parts: int) -> list[Allowed]:
        sums = accumulate(text.parts for text in self.allowed)
        return [text for text, total in zip(self.allowed, sums, strict=True) if total <= parts]


def decide(batch: Iterable[Claimed], wording: Wording, at: datetime) -> Decisions:
    """Ask the gate about each message. Someone twice in the batch is counted here: the facts
    of the second cannot yet see the first."""
    decisions = Decisions()
    earlier = Earlier()
    for message in batch:
        if wording.canary_is_full(message.campaign_id):
            # It stays as it is: what the gate would say to it now tells nobody anything.
            continue
        facts = earlier.added_to(wording.facts(message), message)
        if _decide_one(message, facts, wording, decisions, at):
            earlier.note(message)
            wording.note_allowed(message)
    return decisions


class Earlier:
    """Who was allowed a text in this same batch, how often, and about what."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[int, object]] = Counter()

    def note(self, message: Claimed) -> None:
        self.counts[message.subscriber_id, message.purpose_id or message.kind] += 1
        self.counts[message.subscriber_id, None] += message.campaign_id is not None

    def added_to(self, facts: SendFacts, message: Claimed) -> SendFacts:
        person = message.subscriber_id
        about = self.counts[person, message.purpose_id or message.kind]
        if message.campaign_id is None:
            return replace(facts, answered_at=facts.at) if about else facts
        campaigns = self.counts[person, None]
        if not campaigns:
            return facts
        return replace(
            facts,
            sent_at=facts.sent_at + (facts.at,) * about,
            campaign_texts_at=facts.campaign_texts_at + (facts.at,) * campaigns,
        )


def _decide_one(
    message: Claimed, facts: SendFacts, wording: Wording, decisions: Decisions, at: datetime
) -> bool:
    """True when the text may go."""
    if message.lapses_at <= at:
        decisions.ended.append((message, "lapsed", []))
        return False
    said = gate.objections(message.kind, facts)
    if not said:
        body = message.body or wording.body(message)
        # What really leaves is what is charged: the row was written before it was known.
        decisions.allowed.append(Allowed(message, body, wording.parts_of(body)))
        return True
    again_at = gate.retry_at(said)
    if again_at is None or again_at > message.lapses_at:
        decisions.ended.append((message, "withheld", said))
    else:
        decisions.later.append((message, again_at, said))
    return False


def write(decisions: Decisions, at: datetime) -> list[Permitted]:
    """Write every decision; returns what the database let go."""
    _withhold(decisions, at)
    _defer(decisions)
    return _permit(decisions, at)


def _permit(decisions: Decisions, at: datetime) -> list[Permitted]:
    if not decisions.allowed:
        return []
    let_go: dict[int, int] = dict(tuples(PERMIT, _permissions(decisions.allowed, at)))
    permitted = [
        _permitted(text, attempt=let_go[text.message.id])
        for text in decisions.allowed
        if text.message.id in let_go
    ]
    asked = [text.confirmation_id for text in permitted if text.confirmation_id is not None]
    note_texts_left(confirmation_ids=asked, at=at)
    return permitted


def _permissions(allowed: list[Allowed], at: datetime) -> dict[str, Any]:
    messages = [text.message for text in allowed]
    return {
        "at": at,
        "ids": [message.id for message in messages],
        "answers": [str(kind) for kind in ANSWERS],
        "events": [m.confirming_event_id if m.campaign_id else None for m in messages],
        "texts": [
            seal_text(t.body, key=t.message.key, receipt_token=t.message.receipt_token)
            for t in allowed
        ],
        "parts": [text.parts for text in allowed],
    }


def _permitted(text: Allowed, *, attempt: int) -> Permitted:
    message = text.message
    return Permitted(
        id=message.id,
        campaign_id=message.campaign_id,
        attempt=attempt,
        to=message.to,
        body=text.body,
        receipt_token=message.receipt_token,
        parts=text.parts,
        country=message.country,
        throttled=message.throttled,
        confirmation_id=message.confirmation_id,
        starts_after=text.starts_after,
    )


def _withhold(decisions: Decisions, at: datetime) -> None:
    if not decisions.ended:
        return
    messages, states, said = zip(*decisions.ended, strict=True)
    parameters: dict[str, Any] = {
        "at": at,
        "ids": [message.id for message in messages],
        "states": list(states),
        "objections": [_json(s) for s in said],
    }
    run(WITHHOLD, parameters)


def _defer(decisions: Decisions) -> None:
    if not decisions.later:
        return
    messages, times, said = zip(*decisions.later, strict=True)
    parameters: dict[str, Any] = {
        "ids": [message.id for message in messages],
        "times": list(times),
        "objections": [_json(s) for s in said],
    }
    run(DEFER, parameters)


def _json(said: list[Objection]) -> str:
    return json.dumps(
        [{"code": o.code, "retry_at": o.retry_at.isoformat() if o.retry_at else None} for o in said]
    )
