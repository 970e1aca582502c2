"""The standing that the events of the log lead to, worked out anew and apart from `ledger`.

It repeats the rules of `consent.ledger` on purpose: a check that shared their code would
share their mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from consent.sealing import EVENT_COLUMNS, EVENT_TABLES, Header, headers

Pair = tuple[UUID, str]  # subject, code of the purpose
YES = {"confirmed", "reconfirmed"}
STATUS = {
    "requested": "requested",
    "confirmed": "confirmed",
    "reconfirmed": "confirmed",
    "declined": "declined",
    "withdrawn": "withdrawn",
    "expired": "expired",
}


class Standing(NamedTuple):
    """The columns of `Consent`, with the notice by its hash."""

    status: str
    since_at: datetime
    confirming_event: UUID | None = None
    notice_hash: bytes | None = None
    promised_texts: int | None = None
    promised_days: int | None = None
    expires_at: datetime | None = None


STANDINGS = """
    SELECT s.subject_reference, p.code, c.status, c.since_at, c.confirming_event_id,
           n.content_hash, c.promised_texts, c.promised_days, c.expires_at
    FROM consent_consent c
    JOIN subscribers_subscriber s ON s.id = c.subscriber_id
    JOIN consent_purpose p ON p.id = c.purpose_id
    LEFT JOIN consent_noticeversion n ON n.id = c.notice_version_id
"""


def replay(
    events: Iterable[Header], into: dict[Pair, Standing] | None = None
) -> dict[Pair, Standing]:
    """Every standing after these events, which come in the order of the log."""
    standings = {} if into is None else into
    for event in events:
        if event.purpose is None or event.kind not in STATUS:
            continue
        pair = (event.subject, event.purpose)
        standings[pair] = _after(standings.get(pair), event)
    return standings


def _after(before: Standing | None, event: Header) -> Standing:
    stands = before is not None and before.status == "confirmed"
    if before is not None and stands and event.kind in ("requested", "declined"):
        return before
    if event.kind not in YES:
        return Standing(STATUS[event.kind], event.occurred_at)
    return Standing(
        "confirmed",
        event.occurred_at,
        event.id,
        event.notice_hash,
        event.promised_texts,
        event.promised_days,
        event.expires_at,
    )


def standings_kept() -> dict[Pair, Standing]:
    """What the `Consent` table says."""
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS)
        return {(row[0], row[1]): Standing._make(_plain(row[2:])) for row in cursor}


def _plain(row: tuple[Any, ...]) -> Iterable[Any]:
    return (bytes(value) if isinstance(value, memoryview) else value for value in row)


def pending_headers() -> list[Header]:
    """The events that wait for their place, in the order in which they will get it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {EVENT_COLUMNS} FROM consent_ledgerpending w"
            f" JOIN ({EVENT_TABLES}) ON e.id = w.event_id ORDER BY w.number"
        )
        return list(headers(cursor))
