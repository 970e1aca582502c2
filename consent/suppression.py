"""Reads: is this number, or this person's number, to be left alone?"""

from __future__ import annotations

from consent.models import Suppression
from subscribers import numbers
from subscribers.models import Subscriber


def number_is_suppressed(e164: str) -> bool:
    """Under any digest key, so that a rotated key forgets nobody's no."""
    return Suppression.objects.filter(
        number_digest__in=numbers.digests(e164), lifted_at=None
    ).exists()


def is_suppressed(subscriber: Subscriber) -> bool:
    if subscriber.number_digest is None:
        return False
    return number_is_suppressed(subscriber.phone_number)
