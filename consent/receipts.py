"""The receipt of a yes: what was agreed to, and the proof that it stands in the sealed log.

Its sections follow ISO/IEC TS 27560:2023; docs/receipts.md lists every field. Whatever can be
read in it follows from what is proven, the event's header and the notice under its hash: so
nothing in a receipt can be changed without being seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from consent import tree
from consent.models import ConsentEvent, EventKind, NoticeVersion
from consent.notices import notice_content
from consent.proofs import InclusionProof, prove_event
from consent.sealing import EVENT_COLUMNS, EVENT_TABLES, canonical_header, headers
from subscribers.models import Subscriber

FORMAT = "yeslist-receipt-1"
STANDARD = "ISO/IEC TS 27560:2023"
# Fields of the standard about which neither the entry nor the notice says anything: a value
# from elsewhere could be changed without being seen.
NOT_STATED = "not stated"
STATES = {
    EventKind.CONFIRMED: "ConsentGiven",
    EventKind.RECONFIRMED: "ConsentReconfirmed",
    EventKind.GUARDIAN_CONFIRMED: "ConsentGivenByGuardian",
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Receipt:
    """`content` is the JSON; `proof` is None until the event is sealed, within seconds."""

    event: ConsentEvent
    version: NoticeVersion
    content: Json
    leaf_hash: bytes
    proof: InclusionProof | None

    @property
    def words(self) -> dict[str, str]:
        words: dict[str, str] = self.content["processing"]["privacy_notice"]["words"]
        return words

    @property
    def purpose(self) -> Json:
        purpose: Json = self.content["processing"]["purposes"][0]
        return purpose

    @property
    def as_json(self) -> str:
        return json.dumps(self.content, indent=2, ensure_ascii=False) + "\n"

    @property
    def code(self) -> str:
        """What the printed square holds: the digest and the place, nothing that opens a page."""
        place = self.proof.position if self.proof else "-"
        return f"{FORMAT} leaf {place} sha256 {self.leaf_hash.hex()}"


def receipted(subscriber: Subscriber) -> QuerySet[ConsentEvent]:
    """Every yes of this person and of their guardian, newest first."""
    return (
        subscriber.events.filter(
            kind__in=STATES, purpose__isnull=False, notice_version__isnull=False
        )
        .select_related("purpose", "notice_version__notice", "subject")
        .order_by("-occurred_at", "-pk")
    )


def receipt_of(event: ConsentEvent) -> Receipt:
    """The receipt of a yes, as it can be proven now."""
    version = event.notice_version
    if version is None:
        raise ValueError(f"event {event.pk} names no notice")
    facts, proof, body_hash = sealed_facts(event.pk), prove_event(event), bytes(event.body_hash)
    place = place_in_log(proof) if proof else None
    content = assemble(facts, notice_content(version), body_hash, place)
    return Receipt(event, version, content, leaf_of(facts, body_hash), proof)


def sealed_facts(event_id: UUID) -> Json:
    """The header of one event, as its leaf has it."""
    query = f"SELECT {EVENT_COLUMNS} FROM {EVENT_TABLES} WHERE e.id = %s"
    with connection.cursor() as cursor:
        cursor.execute(query, [event_id])
        facts: Json = json.loads(canonical_header(next(headers(iter(cursor.fetchall())))))
    return facts


def leaf_of(facts: Json, body_hash: bytes) -> bytes:
    """The leaf over a header: ASCII JSON with sorted keys and no spaces, then the body's hash."""
    header = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return tree.hash_leaf(header.encode() + body_hash)


def place_in_log(proof: InclusionProof) -> Json:
    return {
        "leaf_index": proof.position,
        "tree_size": proof.checkpoint.size,
        "inclusion_path": [each.hex() for each in proof.path],
        "checkpoint": proof.checkpoint.note,
    }


def assemble(facts: Json, notice: Json, body_hash: bytes, place: Json | None) -> Json:
    """A whole receipt from what is proven: pure, so that a check can do it again."""
    promise = next(each for each in notice["purposes"] if each["code"] == facts["purpose"])
    return {
        "receipt": {"schema_version": FORMAT, "receipt_id": facts["id"]},
        "header": {
            "schema_version": STANDARD,
            "record_id": facts["id"],
            "pii_principal_id": facts["subject"],
        },
        "processing": _processing(facts, notice, promise),
        "party_identification": _parties(facts, notice, promise),
        "events": [_event(facts)],
        "proof": {
            "header": facts,
            "body_hash": body_hash.hex(),
            "notice": notice,
            "log": place,
        },
    }


def _processing(facts: Json, notice: Json, promise: Json) -> Json:
    return {
        "privacy_notice": {
            "content_hash": facts["notice"],
            "version": notice["version"],
            "words": notice["words"],
        },
        "language": notice["language"],
        "purposes": [_purpose(facts, notice["words"], promise)],
    }


def _purpose(facts: Json, words: Json, promise: Json) -> Json:
    return {
        "purpose": promise["code"],
        "purpose_name": promise["name"],
        "purpose_description": promise["description"],
        "purpose_type": promise["kind"],
        "lawful_basis": "consent",
        "statement": promise["statement"],
        "promised_texts": facts["promised_texts"],
        "promised_days": facts["promised_days"],
        "pii_information": [
            {"pii_type": "mobile phone number", "pii_optional": False, "sensitive": False},
            {"pii_type": "language of the texts", "pii_optional": False, "sensitive": False},
        ],
        "pii_controllers": [promise["controller"]],
        "collection_method": "asked on a page or by text, confirmed from the phone itself",
        "validity_duration": _validity(facts),
        "jurisdiction": NOT_STATED,
        "storage_locations": NOT_STATED,
        "processing_locations": NOT_STATED,
        "processing_method": "sending text messages",
        "recipient_third_parties": promise["recipients"],
        "retention_period": words.get("retention", ""),
        "withdrawal_method": words.get("stop", ""),
        "privacy_rights": words.get("rights", ""),
        "authority_party": words.get("complaint", ""),
    }


def _validity(facts: Json) -> str:
    """Whole days as an ISO 8601 duration, or what the person was told instead."""
    if facts["expires_at"] is None:
        return "until withdrawn"
    lasts = datetime.fromisoformat(facts["expires_at"]) - datetime.fromisoformat(
        facts["occurred_at"]
    )
    return f"P{lasts.days}D"


def _parties(facts: Json, notice: Json, promise: Json) -> list[Json]:
    controller = {
        "party_id": "controller",
        "party_role": "PII controller",
        "party_name": promise["controller"],
        "party_contact": notice["words"].get("help", ""),
    }
    return [controller, {"party_id": facts["subject"], "party_role": "PII principal"}]


def _event(facts: Json) -> Json:
    return {
        "event_time": facts["occurred_at"],
        "validity_end": facts["expires_at"],
        "entity_id": facts["subject"],
        "event_type": "explicit",
        "event_state": STATES[EventKind(facts["kind"])],
    }
