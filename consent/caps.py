"""Caps on texts that strangers can cause: exact over many workers, and without Redis.

A cap is a counter row per window. Taking one is a single statement that refuses
at the limit, so racing requests cannot pass it together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from consent.models import SpentCap
from subscribers import encryption

HOUR = timedelta(hours=1)
KEPT_FOR = timedelta(days=2)

TAKE_ONE = """
    INSERT INTO consent_spentcap AS c (scope, key_digest, window_at, spent)
    VALUES (%s, %s, %s, 1)
    ON CONFLICT (scope, key_digest, window_at)
    DO UPDATE SET spent = c.spent + 1 WHERE c.spent < %s
    RETURNING spent
"""


class CapReached(Exception):
    """Too many texts were asked for from this place lately."""


@dataclass(frozen=True)
class Cap:
    """`limit` per hour for one `key` within a `scope`."""

    scope: str
    key: str
    limit: int


def signup_caps(*, block: str, form_slug: str) -> list[Cap]:
    """The caps on confirmation texts, narrowest first."""
    return [
        Cap("address", block, settings.CONFIRMATIONS_PER_ADDRESS_PER_HOUR),
        *start_caps(form_slug=form_slug),
    ]


def start_caps(*, form_slug: str) -> list[Cap]:
    """The caps on confirmation texts that a START causes: a phone has no network of ours."""
    return [
        Cap("form", form_slug, settings.CONFIRMATIONS_PER_FORM_PER_HOUR),
        Cap("site", "", settings.CONFIRMATIONS_PER_HOUR),
    ]


def access_caps(*, block: str) -> list[Cap]:
    """The caps on codes for the person's page; they share the address's and the site's."""
    return [
        Cap("address", block, settings.CONFIRMATIONS_PER_ADDRESS_PER_HOUR),
        Cap("site", "", settings.CONFIRMATIONS_PER_HOUR),
    ]


def take(caps: Iterable[Cap], *, at: datetime) -> bool:
    """Take one from every cap, or none of them when any is used up."""
    try:
        with transaction.atomic():
            for cap in caps:
                _take_one(cap, at)
    except CapReached:
        return False
    return True


def _take_one(cap: Cap, at: datetime) -> None:
    key = encryption.digest(f"{cap.scope}|{cap.key}", use="cap")
    window = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(TAKE_ONE, [cap.scope, key, window, cap.limit])
        if cap.limit < 1 or cursor.fetchone() is None:
            raise CapReached


def forget_old(*, at: datetime) -> int:
    """Drop counters whose window is long over."""
    return SpentCap.objects.filter(window_at__lt=at - KEPT_FOR).delete()[0]
