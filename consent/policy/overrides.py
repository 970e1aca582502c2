"""The overrides of policy packs that count at a moment."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consent.models import PolicyOverride
from consent.policy.facts import UnreadablePacks
from consent.policy.fields import FieldError
from consent.policy.kinds import KINDS

LIVE = """
    SELECT id FROM consent_policyoverride
    WHERE since_at <= %(at)s AND (ended_at IS NULL OR ended_at > %(at)s) ORDER BY id
"""
REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Override:
    """One rule set in place of the shipped one, its value read."""

    jurisdiction: str
    kind: str
    applies_to: str
    value: Any
    reason: str
    made_by: str
    since_at: datetime

    def is_about(self, jurisdiction: str, kind: str, applies_to: str) -> bool:
        return (self.jurisdiction, self.kind, self.applies_to) == (jurisdiction, kind, applies_to)


def live_overrides(*, at: datetime) -> tuple[Override, ...]:
    """One small query, and once in a process what stands in each of the rows. Raises
    `UnreadablePacks` rather than leave one out that cannot be read."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE, {"at": at})
        return _read(tuple(pk for (pk,) in cursor))


@functools.lru_cache(maxsize=REMEMBERED)
def _read(ids: tuple[int, ...]) -> tuple[Override, ...]:
    """They are only ever ended, so what else they say stays the same."""
    found = PolicyOverride.objects.filter(pk__in=ids).select_related("made_by")
    return tuple(read_override(row) for row in found.order_by("pk")) if ids else ()


def read_override(row: PolicyOverride) -> Override:
    try:
        value = KINDS[row.kind].parse(row.value)
    except (KeyError, FieldError) as error:
        raise UnreadablePacks([f"Policy override {row.pk} ({row.kind}): {error}."]) from None
    return Override(
        jurisdiction=row.jurisdiction,
        kind=row.kind,
        applies_to=row.applies_to,
        value=value,
        reason=row.reason,
        made_by=row.made_by.get_username(),
        since_at=row.since_at,
    )
