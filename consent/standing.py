"""Reads: what one person agreed to, and what they chose since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.models import Consent, NoticeVersion, Preference, Purpose, Standing
from subscribers.models import Subscriber


@dataclass(frozen=True)
class StandingLine:
    purpose: Purpose
    status: Standing
    since_at: datetime
    promised_texts: int | None
    promised_days: int | None
    chosen_texts: int | None
    chosen_days: int | None
    paused_until_at: datetime | None
    notice_version: NoticeVersion | None
    confirming_event_id: UUID | None

    @property
    def is_active(self) -> bool:
        return self.status == Standing.CONFIRMED


def standings(*, subscriber: Subscriber, at: datetime) -> list[StandingLine]:
    """One line per purpose ever asked for, in the forms' order; a lapsed yes shows as lapsed."""
    chosen = {p.purpose_id: p for p in Preference.objects.filter(subscriber=subscriber)}
    consents = (
        Consent.objects.filter(subscriber=subscriber)
        .select_related("purpose", "notice_version")
        .order_by("purpose_id")
    )
    return [_line(consent, chosen.get(consent.purpose_id), at) for consent in consents]


def _line(consent: Consent, chosen: Preference | None, at: datetime) -> StandingLine:
    paused_until_at = chosen.paused_until_at if chosen else None
    return StandingLine(
        purpose=consent.purpose,
        status=standing_at(consent, at),
        since_at=consent.since_at,
        promised_texts=consent.promised_texts,
        promised_days=consent.promised_days,
        chosen_texts=chosen.chosen_texts if chosen else None,
        chosen_days=chosen.chosen_days if chosen else None,
        paused_until_at=paused_until_at if paused_until_at and paused_until_at > at else None,
        notice_version=consent.notice_version,
        confirming_event_id=consent.confirming_event_id,
    )


def standing_at(consent: Consent, at: datetime) -> Standing:
    """The standing at that moment, whether or not the expiry was recorded yet."""
    lapsed = consent.expires_at is not None and consent.expires_at <= at
    if consent.status == Standing.CONFIRMED and lapsed:
        return Standing.EXPIRED
    return Standing(consent.status)
