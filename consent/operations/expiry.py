"""Time passes: requests close unanswered, and a yes that has run out is recorded as such."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from consent import caps
from consent.ledger import Entry, record
from consent.models import ActorKind, Confirmation, Consent, EventKind, PageLink, Standing
from consent.models.confirmations import AccessCode, Outcome
from consent.operations.erasure import purge_held_numbers, purge_pending
from subscribers.encryption import UnableToDecrypt
from subscribers.operations import lock_subscriber

log = logging.getLogger(__name__)
BATCH = 500


def record_expiries(*, at: datetime) -> int:
    """Write down what already holds: a yes is inactive from `expires_at` on, recorded or not."""
    lapsed = Consent.objects.filter(status=Standing.CONFIRMED, expires_at__lte=at)
    ids = list(lapsed.order_by("expires_at", "pk").values_list("pk", flat=True)[:BATCH])
    return sum(_record_expiry_or_log(consent_id, at) for consent_id in ids)


def _record_expiry_or_log(consent_id: int, at: datetime) -> bool:
    """One consent that cannot be written must not keep the others from it."""
    try:
        return _record_expiry(consent_id, at)
    except (ObjectDoesNotExist, UnableToDecrypt):
        log.exception("consent %s: its expiry could not be recorded", consent_id)
        return False


@transaction.atomic
def _record_expiry(consent_id: int, at: datetime) -> bool:
    consent = Consent.objects.select_related("subscriber__subject_key", "purpose").get(
        pk=consent_id
    )
    lock_subscriber(consent.subscriber)
    consent.refresh_from_db(fields=["status", "expires_at"])
    still_lapsed = consent.expires_at is not None and consent.expires_at <= at
    if consent.status != Standing.CONFIRMED or not still_lapsed:
        return False
    entry = Entry(
        kind=EventKind.EXPIRED,
        subscriber=consent.subscriber,
        actor_kind=ActorKind.SYSTEM,
        purpose=consent.purpose,
        evidence={
            "method": "its time ran out",
            "expired_at": consent.expires_at.isoformat() if consent.expires_at else "",
            "confirmed_by": str(consent.confirming_event_id),
        },
    )
    record(entry, at=at)
    return True


def close_old_confirmations(*, at: datetime) -> int:
    """Close requests nobody answered in time, erase who never answered any, drop dead codes."""
    closed = Confirmation.objects.filter(outcome=Outcome.OPEN, expires_at__lte=at).update(
        outcome=Outcome.EXPIRED, answered_at=at
    )
    purge_pending(at=at)
    purge_held_numbers(at=at)
    PageLink.objects.filter(expires_at__lte=at).delete()
    AccessCode.objects.filter(expires_at__lte=at).exclude(sent_at__gt=at - caps.KEPT_FOR).delete()
    caps.forget_old(at=at)
    return closed
