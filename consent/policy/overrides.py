"""The overrides of policy packs that count at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from consent.models import PolicyOverride
from consent.policy.facts import UnreadablePacks
from consent.policy.fields import FieldError
from consent.policy.kinds import KINDS


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
    """One small query. Raises `UnreadablePacks` rather than leave one out that cannot be read."""
    live = PolicyOverride.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=at), since_at__lte=at
    ).select_related("made_by")
    return tuple(read_override(row) for row in live.order_by("pk"))


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
