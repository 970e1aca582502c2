"""What a leaf of the log commits to, byte for byte (docs/ledger.md lists every field)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from consent import tree
from consent.notes import SigningKey, VerifierKey


class Header(NamedTuple):
    """The columns of one event, in the order in which `EVENT_COLUMNS` reads them."""

    id: UUID
    schema_version: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str
    subject: UUID
    purpose: str | None
    notice_hash: bytes | None
    form: int | None
    form_version: int | None
    promised_texts: int | None
    promised_days: int | None
    expires_at: datetime | None
    corrects: UUID | None
    body_hash: bytes


# The purpose by its code and the notice by its hash: both mean the same outside this database.
EVENT_COLUMNS = """
    e.id, e.schema_version, e.kind, e.occurred_at, e.recorded_at, e.actor_kind,
    e.subject_reference, p.code, n.content_hash, e.form_id, e.form_version,
    e.promised_texts, e.promised_days, e.expires_at, e.corrects_id, e.body_hash
"""
EVENT_TABLES = """
    consent_consentevent e
    LEFT JOIN consent_purpose p ON p.id = e.purpose_id
    LEFT JOIN consent_noticeversion n ON n.id = e.notice_version_id
"""
_to_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def canonical_header(header: Header) -> bytes:
    """ASCII JSON with sorted keys and no spaces. Nothing in it comes from a phone number."""
    fields = {
        "actor": header.actor_kind,
        "corrects": _text(header.corrects),
        "expires_at": moment(header.expires_at),
        "form": header.form,
        "form_version": header.form_version,
        "id": str(header.id),
        "kind": header.kind,
        "notice": None if header.notice_hash is None else header.notice_hash.hex(),
        "occurred_at": moment(header.occurred_at),
        "promised_days": header.promised_days,
        "promised_texts": header.promised_texts,
        "purpose": header.purpose,
        "recorded_at": moment(header.recorded_at),
        "schema": header.schema_version,
        "subject": str(header.subject),
    }
    return _to_json(fields).encode()


def leaf_hash(header: Header) -> bytes:
    return tree.hash_leaf(canonical_header(header) + header.body_hash)


def moment(at: datetime | None) -> str | None:
    """UTC with six digits after the second: 2026-11-02T12:00:00.000000Z."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def headers(rows: Iterator[tuple[Any, ...]]) -> Iterator[Header]:
    """Rows of `EVENT_COLUMNS` as headers."""
    for row in rows:
        yield Header._make(bytes(v) if isinstance(v, memoryview) else v for v in row)


def origin() -> str:
    """The name of this log, in every checkpoint: LEDGER_ORIGIN, else the host of PUBLIC_URL."""
    given: str = settings.LEDGER_ORIGIN
    return given or f"{urlsplit(settings.PUBLIC_URL).netloc}/yeslist-ledger"


def signing_key() -> SigningKey | None:
    """None outside the ledger worker, which alone is given the key."""
    encoded = settings.LEDGER_SIGNING_KEY
    if not encoded:
        return None
    try:
        seed = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        seed = b""
    if len(seed) != 32:
        raise ImproperlyConfigured("LEDGER_SIGNING_KEY: 32 bytes in base64 are needed")
    return SigningKey(origin(), seed)


def verifier_keys() -> list[VerifierKey]:
    """The public keys of this log, the current one first: all who may have signed for it."""
    key = signing_key()
    known = [key.verifier()] if key else []
    listed = [VerifierKey.parse(text) for text in settings.LEDGER_VERIFIER_KEYS]
    return known + [each for each in listed if each not in known]
