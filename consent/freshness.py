"""How a yes ages. Pure: when it runs out, when it fades, when to ask whether it still stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from consent.policy.requirements import Requirements


def expires_at(
    given_at: datetime,
    *,
    valid_days: int | None,
    asked: Requirements,
    under_age_until: date | None = None,
) -> datetime | None:
    """The end of a yes that nothing can move: the earliest that any of these sets; None: no end.

    `valid_days` are those of the purpose. From `under_age_until` on a person decides anew.
    """
    days = (valid_days, asked.consent_valid_days, asked.reconfirm_days)
    ends = [given_at + timedelta(days=each) for each in days if each is not None]
    if under_age_until is not None and starts_at(under_age_until) > given_at:
        ends.append(starts_at(under_age_until))
    return min(ends, default=None)


def starts_at(day: date) -> datetime:
    """The first moment of a day, in UTC."""
    return datetime.combine(day, time(), tzinfo=UTC)


def fades_at(last_acted_at: datetime | None, asked: Requirements) -> datetime | None:
    """When a yes ends because nothing was heard from the person; None: never.

    Only acts of the person count, never that a text reached them (CNIL, "référentiel gestion
    commerciale": three years since the last contact that came from the prospect).
    """
    if last_acted_at is None or asked.inactive_days is None:
        return None
    return last_acted_at + timedelta(days=asked.inactive_days)


def ends_at(expires: datetime | None, fades: datetime | None) -> datetime | None:
    """Whichever comes first; None where neither comes."""
    return min(filter(None, (expires, fades)), default=None)


def asks_again_at(since_at: datetime, ends: datetime, *, days_before: int) -> datetime:
    """When to ask whether a yes still stands: in time, yet never within the first two thirds."""
    return ends - min(timedelta(days=days_before), (ends - since_at) / 3)
