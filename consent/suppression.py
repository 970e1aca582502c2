"""Reads: is this number, or this person's number, to be left alone?"""

from __future__ import annotations

from django.db.models import QuerySet

from consent.models import Suppression
from subscribers import numbers
from subscribers.models import Subscriber


def number_is_suppressed(e164: str) -> bool:
    return _live(e164).exists()


def is_suppressed(subscriber: Subscriber) -> bool:
    return suppression_of(subscriber) is not None


def suppression_of(subscriber: Subscriber) -> Suppression | None:
    """The live no to this person's number, if there is one."""
    if subscriber.number_digest is None:
        return None
    return _live(subscriber.phone_number).first()


def _live(e164: str) -> QuerySet[Suppression]:
    """Under any digest key, so that a rotated key forgets nobody's no."""
    return Suppression.objects.filter(number_digest__in=numbers.digests(e164), lifted_at=None)
