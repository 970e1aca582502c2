"""People with a standing yes, loaded as fast as PostgreSQL takes them.

They come in by COPY, with the triggers off: what the triggers would add (a place in the queue for
sealing) is loaded too, and what they would refuse is looked for by `bench.sample`. The confirmed
yes is there with its evidence; the request before it is not.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection

from bench.rig import query
from consent.freshness import asks_again_at, expires_at
from consent.ledger import SALT_BYTES, SCHEMA_VERSION, evidence_place
from consent.local_law import law_for
from consent.operations.ageing import LOOK_EVERY
from subscribers import encryption, numbers
from subscribers.identifiers import uuid7
from subscribers.models import NUMBER_USE, SubjectKey, Subscriber
from tests import cast

BATCH = 10_000
LOADERS = 2
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
class Plan:
    """Whom to load: `withdrawn` and `suppressed` are shares of 1; the suppressed withdrew too.

    `first_number` keeps the numbers of several loadings apart.
    """

    count: int
    list_id: int
    at: datetime
    countries: tuple[str, ...] = ("GB",)
    withdrawn: float = 0.0
    suppressed: float = 0.0
    first_number: int = 0


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


def load(plan: Plan) -> float:
    """Load them with `LOADERS` processes; the seconds that took."""
    began = time.monotonic()
    first_id = next_id()
    promise = _promise()
    laws = [_law(country, plan.at) for country in plan.countries]
    connection.close()  # a child process must not share it
    share = -(-plan.count // LOADERS)
    loaders = [
        multiprocessing.get_context("fork").Process(
            target=_load_some, args=[plan, promise, laws, first_id, start, start + share]
        )
        for start in range(0, plan.count, share)
    ]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join()
        if loader.exitcode:
            raise SystemExit("people could not be loaded")
    _tidy(first_id + plan.count)
    return time.monotonic() - began


def next_id() -> int:
    """The id of whoever is loaded next; the others follow one by one, in the order of numbers."""
    return int(query("SELECT COALESCE(max(id), 0) + 1 FROM subscribers_subscriber")[0])


def _tidy(next_id: int) -> None:
    """Sequences go on behind what was loaded, and the planner knows of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('subscribers_subscriber', 'id'), %s, false)",
            [next_id],
        )
        for table in COLUMNS:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _promise() -> Promise:
    version, form = cast.notice_version(), cast.signup_form()
    promise = version.purposes.select_related("purpose").get(purpose=cast.news())
    return Promise(
        promise.purpose_id, version.pk, form.pk, form.version, promise.promised_texts,
        promise.promised_days, promise.statement,
    )  # fmt: skip


def _law(country: str, at: datetime) -> Law:
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


def _load_some(
    plan: Plan, promise: Promise, laws: list[Law], first_id: int, start: int, end: int
) -> None:

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for begin in range(start, min(end, plan.count), BATCH):
            people = range(begin, min(begin + BATCH, end, plan.count))
            _copy(cursor, _rows(plan, promise, laws, first_id, people))
    connection.close()


def _copy(cursor: Any, rows: Rows) -> None:
    for table, lines in rows.items():
        with cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy:
            copy.write("".join(lines))


def _rows(plan: Plan, promise: Promise, laws: list[Law], first_id: int, people: range) -> Rows:
    rows: Rows = {table: [] for table in COLUMNS}
    maker = Maker(plan, promise, rows)
    # The same people say the same thing in every run.
    luck = Random(people.start)
    for nth in people:
        law = laws[nth % len(laws)]
        drawn = luck.random()
        maker.person(first_id + nth, number(law.country, plan.first_number + nth), law)
        if drawn < plan.withdrawn + plan.suppressed:
            maker.takes_back(stops=drawn < plan.suppressed)
        else:
            maker.stands()
    return rows


class Maker:
    """Writes the rows of one person after the other, as the operations would."""

    def __init__(self, plan: Plan, promise: Promise, rows: Rows) -> None:
        self._plan, self._promise, self._rows = plan, promise, rows
        self._given_at = plan.at - SAID_YES
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
        self._rows["subscribers_subscriber"].append(
            f"{id}\t{public_id}\t{self._subject}\t\\\\x{ciphertext.hex()}\t\\\\x{self._digest}"
            f"\t{self._digest_key}\t{law.country}\ten\t{law.area}\t\t\tunknown\t{{}}\tt"
            f"\t{self._given}\t{self._given}\n"
        )
        wrapped = SubjectKey.wrap(self._key, id).hex()
        self._rows["subscribers_subjectkey"].append(f"{id}\t\\\\x{wrapped}\n")
        self._rows["subscribers_listmembership"].append(
            f"{self._plan.list_id}\t{id}\t{self._given}\n"
        )
        proof = self._proof.replace("{}", str(id))
        self._confirming = self._event("confirmed", proof, self._given_at, law.expires_at)

    def stands(self) -> None:
        p = self._promise
        self._rows["consent_consent"].append(
            f"{self._id}\t{p.purpose_id}\tconfirmed\t{self._given}\t{self._confirming}"
            f"\t{p.notice_version_id}\t{p.texts}\t{p.days}\t{self._law.expires_at}"
            f"\t{self._law.look_again_at}\n"
        )

    def takes_back(self, *, stops: bool) -> None:
        """The next day they withdrew, by STOP or on their page."""
        at = self._no_at.isoformat()
        self._event("withdrawn", _json({"method": "page"}), self._no_at, NO)
        self._rows["consent_consent"].append(
            f"{self._id}\t{self._promise.purpose_id}\twithdrawn\t{at}"
            f"\t{NO}\t{NO}\t{NO}\t{NO}\t{NO}\t{at}\n"
        )
        if stops:
            self._rows["consent_suppression"].append(
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
        self._rows["consent_consentevent"].append(
            f"{event}\t{kind}\t{SCHEMA_VERSION}\t{moment}\t{moment}\tsubscriber\t{self._subject}"
            f"\t{p.purpose_id}\t{agreed}\t{expires_at}"
            f"\t\\\\x{hashlib.sha256(sealed).hexdigest()}\n"
        )
        self._rows["consent_consentevidence"].append(f"{event}\t\\\\x{sealed.hex()}\n")
        self._rows["consent_ledgerpending"].append(f"{event}\n")
        return event

    def _sealed(self, event: str, kind: str, proof: str) -> bytes:
        opened = secrets.token_bytes(SALT_BYTES) + proof.encode()
        place = evidence_place(event, kind, SCHEMA_VERSION)
        sealed = encryption.encrypt_with(self._key, opened, place=place)
        return hashlib.sha256(opened).digest() + sealed


def _json(proof: dict[str, str]) -> str:
    return json.dumps(proof, sort_keys=True, ensure_ascii=False)
