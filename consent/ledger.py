"""The only writer of the ledger and of the standing derived from it.

An event, its evidence and the standing it leads to are written in one transaction,
under the person's lock; a trigger adds its place in the queue for sealing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from consent.freshness import expires_at
from consent.local_law import law_for
from consent.models import (
    ActorKind,
    Consent,
    ConsentEvent,
    ConsentEvidence,
    EventKind,
    NoticePurpose,
    Purpose,
    SignupForm,
    Standing,
)
from subscribers import encryption
from subscribers.identifiers import uuid7
from subscribers.models import AgeBand, Subscriber
from subscribers.operations import lock_subscriber

SCHEMA_VERSION = 1
SALT_BYTES = COMMITMENT_BYTES = 32
# What an event makes of the standing; the kinds that are not here leave it alone.
LEADS_TO = {
    EventKind.REQUESTED: Standing.REQUESTED,
    EventKind.CONFIRMED: Standing.CONFIRMED,
    EventKind.RECONFIRMED: Standing.CONFIRMED,
    EventKind.DECLINED: Standing.DECLINED,
    EventKind.WITHDRAWN: Standing.WITHDRAWN,
    EventKind.EXPIRED: Standing.EXPIRED,
}
ASKING = (EventKind.REQUESTED, EventKind.DECLINED)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is to be recorded; `evidence` is JSON and ends up encrypted."""

    kind: EventKind
    subscriber: Subscriber
    actor_kind: ActorKind
    purpose: Purpose | None = None
    notice_purpose: NoticePurpose | None = None
    form: SignupForm | None = None
    corrects: ConsentEvent | None = None
    evidence: dict[str, object] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def record(entry: Entry, *, at: datetime) -> ConsentEvent:
    """Append one event, keep what proves it, and bring the standing up to date.

    All of it or nothing, together with whatever else the caller's transaction does.
    """
    lock_subscriber(entry.subscriber)
    event = _event(entry, at)
    ciphertext = _sealed_evidence(event, entry)
    event.body_hash = hashlib.sha256(ciphertext).digest()
    event.save(force_insert=True)
    ConsentEvidence.objects.create(event=event, ciphertext=ciphertext)
    _project(event)
    return event


def _event(entry: Entry, at: datetime) -> ConsentEvent:
    promise = entry.notice_purpose
    return ConsentEvent(
        id=uuid7(at),
        kind=entry.kind,
        schema_version=SCHEMA_VERSION,
        occurred_at=at,
        recorded_at=timezone.now(),
        actor_kind=entry.actor_kind,
        subject=entry.subscriber,
        purpose=entry.purpose,
        notice_version=promise.notice_version if promise else None,
        form=entry.form,
        form_version=entry.form.version if entry.form else None,
        promised_texts=promise.promised_texts if promise else None,
        promised_days=promise.promised_days if promise else None,
        expires_at=_expiry(entry, at),
        corrects=entry.corrects,
    )


def _expiry(entry: Entry, at: datetime) -> datetime | None:
    if LEADS_TO.get(entry.kind) != Standing.CONFIRMED or entry.purpose is None:
        return None
    person = entry.subscriber
    return expires_at(
        at,
        valid_days=entry.purpose.consent_valid_days,
        asked=law_for(person, at=at, purpose=entry.purpose),
        under_age_until=person.age_band_ends_date if person.age_band == AgeBand.MINOR else None,
    )


def evidence_place(event_id: object, kind: str, schema_version: int) -> str:
    return f"consent evidence|{event_id}|{kind}|{schema_version}"


@dataclass(frozen=True)
class Opened:
    """Evidence as it was before encryption: SHA-256(salt ‖ text) stands before the ciphertext."""

    salt: bytes
    text: str

    @property
    def body(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.text)
        return found


def _sealed_evidence(event: ConsentEvent, entry: Entry) -> bytes:
    """A commitment to the text, then the ciphertext.

    Whoever is shown text and salt can check that just this was sealed, and needs no key. The
    salt is inside the ciphertext, so that nobody else can try what the text might be.
    """
    text = json.dumps(entry.evidence, sort_keys=True, ensure_ascii=False).encode()
    opened = secrets.token_bytes(SALT_BYTES) + text
    place = evidence_place(event.id, event.kind, event.schema_version)
    key = entry.subscriber.subject_key.key
    return hashlib.sha256(opened).digest() + encryption.encrypt_with(key, opened, place=place)


def open_evidence(event: ConsentEvent, sealed: bytes | memoryview, *, key: bytes) -> Opened:
    """Raises `UnableToDecrypt` where it was changed."""
    commitment, ciphertext = bytes(sealed)[:COMMITMENT_BYTES], bytes(sealed)[COMMITMENT_BYTES:]
    place = evidence_place(event.id, event.kind, event.schema_version)
    opened = encryption.decrypt_with(key, ciphertext, place=place)
    if hashlib.sha256(opened).digest() != commitment:
        raise encryption.UnableToDecrypt("the commitment before it was changed")
    return Opened(opened[:SALT_BYTES], opened[SALT_BYTES:].decode())


def evidence(event: ConsentEvent) -> dict[str, object]:
    """What proves an event, decrypted; empty after erasure."""
    sealed = ConsentEvidence.objects.filter(event=event).first()
    if sealed is None:
        return {}
    return open_evidence(event, sealed.ciphertext, key=event.subject.subject_key.key).body


def _project(event: ConsentEvent) -> None:
    """Derive the standing. Asking and declining change nothing for someone whose yes stands."""
    status = LEADS_TO.get(EventKind(event.kind))
    if status is None or event.purpose is None:
        return
    standing = Consent.objects.filter(subscriber=event.subject, purpose=event.purpose)
    values = {**standing_after(event, status), "look_again_at": event.occurred_at}
    changed = standing.exclude(status=Standing.CONFIRMED) if event.kind in ASKING else standing
    if not changed.update(**values) and not standing.exists():
        Consent.objects.create(subscriber=event.subject, purpose=event.purpose, **values)


def standing_after(event: ConsentEvent, status: Standing) -> dict[str, object]:
    """The columns of `Consent` that follow from one event."""
    confirmed = status == Standing.CONFIRMED
    return {
        "status": status,
        "since_at": event.occurred_at,
        "confirming_event": event if confirmed else None,
        "notice_version": event.notice_version if confirmed else None,
        "promised_texts": event.promised_texts if confirmed else None,
        "promised_days": event.promised_days if confirmed else None,
        "expires_at": event.expires_at if confirmed else None,
    }
