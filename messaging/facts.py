"""What is known of a text and a person, for the gate: read in one statement.

The turn reads it after it took the locks, explanations and dry runs without any: both see
the same facts, because there is no second way to load them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from consent.active import ACTIVE_CONSENT
from consent.freshness import fades_at
from messaging.models import COUNTS_AS_SENT, KINDS, MessageKind, Sender
from messaging.places import Place, Places, is_registered, may_reach
from messaging.rules import Frequency, SendFacts
from messaging.statements import rows
from subscribers.models import is_under_age

# No cap of any jurisdiction looks back further.
LONGEST_CAP = timedelta(days=31)
# What EXISTS would say is asked with LIMIT 1: the planner answers an EXISTS from a hash of the
# whole table where it thinks that pays, and here only some hundred people are asked about.
LOAD = f"""
    SELECT q.nth, q.kind, s.id AS subscriber_id, s.public_id::text,
        s.number_ciphertext, d.wrapped_key,
        CASE WHEN q.purpose_id IS NULL THEN '{{}}' ELSE s.attributes::text END AS answers,
        s.time_zone, s.region, s.number_area, s.country, s.age_band, s.age_band_ends_date,
        s.last_acted_at,
        c.confirming_event_id, c.promised_texts, c.promised_days,
        COALESCE({ACTIVE_CONSENT.format(c="c", at="%(at)s")}, false) AS consented,
        p.chosen_texts, p.chosen_days, p.paused_until_at,
        s.restricted_at IS NOT NULL AS restricted, s.number_gone_at IS NULL AS number_usable,
        (SELECT true FROM consent_consentevidence e
            WHERE e.event_id = c.confirming_event_id LIMIT 1) IS NOT NULL AS provenance_known,
        EXISTS (SELECT 1 FROM consent_guardianship g
            JOIN consent_guardianship_purposes y ON y.guardianship_id = g.id
            WHERE g.subscriber_id = s.id AND y.purpose_id = q.purpose_id
              AND g.agreed_at IS NOT NULL AND g.ended_at IS NULL) AS guardian_agreed,
        (SELECT true FROM consent_suppression x
            WHERE x.number_digest = s.number_digest AND x.lifted_at IS NULL LIMIT 1)
            IS NOT NULL AS suppressed,
        (SELECT h.due_at FROM consent_hold h
            WHERE h.subscriber_id = s.id AND h.released_at IS NULL LIMIT 1) AS held_until,
        EXISTS (SELECT 1 FROM consent_confirmation f
            WHERE f.id = q.confirmation_id AND f.outcome = 'open' AND f.expires_at > %(at)s)
            AS request_open,
        ARRAY(SELECT o.permitted_at FROM messaging_message o
            WHERE o.subscriber_id = s.id AND o.purpose_id = q.purpose_id
              AND o.id IS DISTINCT FROM q.message_id AND o.state = ANY(%(sent)s)
              AND o.permitted_at > %(at)s - make_interval(days =>
                  GREATEST(COALESCE(c.promised_days, 0), COALESCE(p.chosen_days, 0)))
            ORDER BY o.permitted_at) AS sent_at,
        ARRAY(SELECT o.permitted_at FROM messaging_message o
            WHERE o.subscriber_id = s.id AND q.kind = 'marketing' AND o.kind = 'marketing'
              AND o.id IS DISTINCT FROM q.message_id AND o.state = ANY(%(sent)s)
              AND o.permitted_at > %(at)s - %(longest_cap)s::interval
            ORDER BY o.permitted_at) AS campaign_texts_at,
        (SELECT max(o.permitted_at) FROM messaging_message o
            WHERE o.subscriber_id = s.id AND o.kind = q.kind AND q.purpose_id IS NULL
              AND o.id IS DISTINCT FROM q.message_id AND o.state = ANY(%(sent)s)) AS answered_at
    FROM unnest(%(messages)b::bigint[], %(people)b::bigint[], %(kinds)b::text[],
                %(purposes)b::bigint[], %(confirmations)b::bigint[])
        WITH ORDINALITY AS q (message_id, subscriber_id, kind, purpose_id, confirmation_id, nth)
    JOIN subscribers_subscriber s ON s.id = q.subscriber_id
    LEFT JOIN subscribers_subjectkey d ON d.subscriber_id = s.id
    LEFT JOIN consent_consent c ON c.subscriber_id = s.id AND c.purpose_id = q.purpose_id
    LEFT JOIN consent_preference p ON p.subscriber_id = s.id AND p.purpose_id = q.purpose_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this text go to this person? `message_id` is None while the text is not written."""

    subscriber_id: int
    kind: MessageKind
    purpose_id: int | None = None
    confirmation_id: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The answer to a question, but for what is known of the campaign.

    `row` has what only the turn opens: the number's and the key's ciphertexts, and the person's
    attributes for a campaign's placeholders.
    """

    at: datetime
    place: Place
    sender: Sender
    row: dict[str, Any] = field(repr=False)

    @property
    def facts(self) -> SendFacts:
        return self.facts_with()

    def facts_with(self, **more: Any) -> SendFacts:
        """The facts, with what else is known: fields of `SendFacts`, such as the campaign's."""
        known = _facts(self.row, self.at, self.place, self.sender)
        return SendFacts(**(known | more))


def load(questions: Sequence[Question], *, sender: Sender, at: datetime) -> list[Known | None]:
    """What is known for each question, in their order; None where there is no such person."""
    found = {row["nth"]: row for row in _rows(questions, at)}
    places = Places(at)
    return [
        _known(found[nth], places, sender) if nth in found else None
        for nth in range(1, len(questions) + 1)
    ]


def _rows(questions: Sequence[Question], at: datetime) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {
        "at": at,
        "sent": [str(state) for state in COUNTS_AS_SENT],
        "longest_cap": LONGEST_CAP,
        "messages": [question.message_id for question in questions],
        "people": [question.subscriber_id for question in questions],
        "kinds": [str(question.kind) for question in questions],
        "purposes": [question.purpose_id for question in questions],
        "confirmations": [question.confirmation_id for question in questions],
    }
    return rows(LOAD, asked)


def _known(row: dict[str, Any], places: Places, sender: Sender) -> Known:
    place = places.of(row, KINDS[row["kind"]])
    return Known(at=places.at, row=row, place=place, sender=sender)


def _facts(row: dict[str, Any], at: datetime, place: Place, sender: Sender) -> dict[str, Any]:
    return {
        "at": at,
        "suppressed": row["suppressed"],
        "held_until": row["held_until"],
        "consented": row["consented"],
        "promised": _frequency(row["promised_texts"], row["promised_days"]),
        "chosen": _frequency(row["chosen_texts"], row["chosen_days"]),
        "paused_until": row["paused_until_at"],
        "sent_at": tuple(row["sent_at"]),
        "number_known": row["number_ciphertext"] is not None,
        "request_open": row["request_open"],
        "answered_at": row["answered_at"],
        "restricted": row["restricted"],
        "number_usable": row["number_usable"],
        "provenance_known": row["provenance_known"],
        "campaign_texts_at": tuple(row["campaign_texts_at"]),
        "under_age": is_under_age(row["age_band"], row["age_band_ends_date"], at),
        "guardian_agreed": row["guardian_agreed"],
        "fades_at": fades_at(row["last_acted_at"], place.asked),
        "caps": place.caps,
        "hours": place.hours,
        "sender_reaches_country": may_reach(sender, row["country"]),
        "sender_is_registered": is_registered(sender, row["country"], place.asked),
    }


def _frequency(texts: int | None, days: int | None) -> Frequency | None:
    return None if texts is None or days is None else Frequency(texts, days)
