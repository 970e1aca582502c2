"""The rows of one person with a yes, as lines for COPY.

Each is what the operations would write: `bench.sample` looks whether that holds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings

from consent.freshness import asks_again_at, expires_at
from consent.ledger import SALT_BYTES, SCHEMA_VERSION, evidence_place
from consent.local_law import law_for
from consent.operations.ageing import LOOK_EVERY
from subscribers import encryption, numbers
from subscribers.identifiers import uuid7
from subscribers.models import NUMBER_USE, SubjectKey, Subscriber
from tests import cast

SAID_YES = timedelta(days=10)
# Prefixes under which every number is a valid mobile, and how many digits follow.
PREFIXES = {
    "GB": ("+4471", 8),
    "DE": ("+49151", 8),
    "ES": ("+346", 8),
    "IN": ("+919", 9),
    "US": ("+12123", 6),
}
NO = r"\N"
COLUMNS = {
    "subscribers_subscriber": (
        "id, public_id, subject_reference, number_ciphertext, number_digest, digest_key_id,"
        " country, language, number_area, time_zone, region, age_band, attributes, is_sample,"
        " created_at, last_acted_at"
    ),
    "subscribers_subjectkey": "subscriber_id, wrapped_key",
    "subscribers_listmembership": "subscriber_list_id, subscriber_id, added_at",
    "consent_consentevent": (
        "id, kind, schema_version, occurred_at, recorded_at, actor_kind, subject_reference,"
        " purpose_id, notice_version_id, form_id, form_version, promised_texts, promised_days,"
        " expires_at, body_hash"
    ),
    "consent_consentevidence": "event_id, ciphertext",
    "consent_ledgerpending": "event_id",
    "consent_consent": (
        "subscriber_id, purpose_id, status, since_at, confirming_event_id, notice_version_id,"
        " promised_texts, promised_days, expires_at, look_again_at"
    ),
    "consent_suppression": "number_digest, digest_key_id, source, since_at",
}
Rows = dict[str, list[str]]


@dataclass(frozen=True)
class Law:
    """What is the same for everybody of one country."""

    country: str
    area: str
    expires_at: str
    look_again_at: str


@dataclass(frozen=True)
class Promise:
    """What everybody agreed to, as the columns have it."""

    purpose_id: int
    notice_version_id: int
    form_id: int
    form_version: int
    texts: int
    days: int
    statement: str


def promised() -> Promise:
    """The news of the tests' library."""
    version, form = cast.notice_version(), cast.signup_form()
    promise = version.purposes.select_related("purpose").get(purpose=cast.news())
    return Promise(
        promise.purpose_id, version.pk, form.pk, form.version, promise.promised_texts,
        promise.promised_days, promise.statement,
    )  # fmt: skip


def law_of(country: str, at: datetime) -> Law:
    """Asked of the policy packs once, through someone of that country."""
    person = Subscriber()
    person.phone_number = number(country, 1)
    asked, given_at = law_for(person, at=at, purpose=cast.news()), at - SAID_YES
    ends = expires_at(given_at, valid_days=cast.news().consent_valid_days, asked=asked)
    looks = [at + LOOK_EVERY]
    if ends is not None:
        looks += [asks_again_at(given_at, ends, days_before=settings.ASK_AGAIN_DAYS), ends]
    return Law(
        person.country, person.number_area, ends.isoformat() if ends else NO,
        min(looks).isoformat(),
    )  # fmt: skip


def number(country: str, nth: int) -> str:
    """The nth mobile number of that country."""
    prefix, digits = PREFIXES[country]
    return f"{prefix}{nth:0{digits}}"


class Maker:
    """Writes the rows of one person after the other, as the operations would."""

    def __init__(self, promise: Promise, *, list_id: int, at: datetime) -> None:
        """`at` is now: they all said yes some days before."""
        self.rows: Rows = {table: [] for table in COLUMNS}
        self._list_id, self._promise = list_id, promise
        self._given_at = at - SAID_YES
        self._given = self._given_at.isoformat()
        self._no_at = self._given_at + timedelta(days=1)
        self._digest_key = encryption.current_keys()[1]
        self._proof = _json(
            {
                "method": "reply by text",
                "reply": "YES",
                "provider": "simulator",
                "provider_message_id": "yes-{}",
                "received_at": self._given,
                "language": "en",
                "statement": promise.statement,
                "requested_at": self._given,
                "guardian": "",
            }
        )

    def person(self, id: int, e164: str, law: Law) -> None:
        """Someone on the list who said yes."""
        self._id, self._law, self._subject = id, law, str(uuid4())
        public_id = str(uuid4())
        ciphertext = encryption.encrypt(e164.encode(), use=NUMBER_USE, place=public_id)
        self._digest = numbers.digest(e164).hex()
        self._key = encryption.new_data_key()
        self.rows["subscribers_subscriber"].append(
            f"{id}\t{public_id}\t{self._subject}\t\\\\x{ciphertext.hex()}\t\\\\x{self._digest}"
            f"\t{self._digest_key}\t{law.country}\ten\t{law.area}\t\t\tunknown\t{{}}\tt"
            f"\t{self._given}\t{self._given}\n"
        )
        wrapped = SubjectKey.wrap(self._key, id).hex()
        self.rows["subscribers_subjectkey"].append(f"{id}\t\\\\x{wrapped}\n")
        self.rows["subscribers_listmembership"].append(f"{self._list_id}\t{id}\t{self._given}\n")
        proof = self._proof.replace("{}", str(id))
        self._confirming = self._event("confirmed", proof, self._given_at, law.expires_at)

    def stands(self) -> None:
        p = self._promise
        self.rows["consent_consent"].append(
            f"{self._id}\t{p.purpose_id}\tconfirmed\t{self._given}\t{self._confirming}"
            f"\t{p.notice_version_id}\t{p.texts}\t{p.days}\t{self._law.expires_at}"
            f"\t{self._law.look_again_at}\n"
        )

    def takes_back(self, *, stops: bool) -> None:
        """The next day they withdrew, by STOP or on their page."""
        at = self._no_at.isoformat()
        self._event("withdrawn", _json({"method": "page"}), self._no_at, NO)
        self.rows["consent_consent"].append(
            f"{self._id}\t{self._promise.purpose_id}\twithdrawn\t{at}"
            f"\t{NO}\t{NO}\t{NO}\t{NO}\t{NO}\t{at}\n"
        )
        if stops:
            self.rows["consent_suppression"].append(
                f"\\\\x{self._digest}\t{self._digest_key}\ttext\t{at}\n"
            )

    def _event(self, kind: str, proof: str, at: datetime, expires_at: str) -> str:
        event, moment, p = str(uuid7(at)), at.isoformat(), self._promise
        sealed = self._sealed(event, kind, proof)
        # Withdrawals name no notice, as those that the operation records.
        agreed = (
            f"{p.notice_version_id}\t{p.form_id}\t{p.form_version}\t{p.texts}\t{p.days}"
            if kind == "confirmed"
            else f"{NO}\t{NO}\t{NO}\t{NO}\t{NO}"
        )
        self.rows["consent_consentevent"].append(
            f"{event}\t{kind}\t{SCHEMA_VERSION}\t{moment}\t{moment}\tsubscriber\t{self._subject}"
            f"\t{p.purpose_id}\t{agreed}\t{expires_at}"
            f"\t\\\\x{hashlib.sha256(sealed).hexdigest()}\n"
        )
        self.rows["consent_consentevidence"].append(f"{event}\t\\\\x{sealed.hex()}\n")
        self.rows["consent_ledgerpending"].append(f"{event}\n")
        return event

    def _sealed(self, event: str, kind: str, proof: str) -> bytes:
        opened = secrets.token_bytes(SALT_BYTES) + proof.encode()
        place = evidence_place(event, kind, SCHEMA_VERSION)
        sealed = encryption.encrypt_with(self._key, opened, place=place)
        return hashlib.sha256(opened).digest() + sealed


def _json(proof: dict[str, str]) -> str:
    return json.dumps(proof, sort_keys=True, ensure_ascii=False)
