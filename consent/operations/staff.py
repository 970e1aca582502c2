"""What staff may do about one person: towards silence and forgetting.

Lifting a restriction is the one step back: it brings back no consent, only the use of what
stands.
"""

from __future__ import annotations

import time
from datetime import datetime

from django.db import transaction

from consent.models import ActorKind, SuppressionSource
from consent.operations.access import revoke_links
from consent.operations.erasure import forget
from consent.operations.withdrawal import stop_and_wait
from consent.texts import text_sender
from subscribers.authorization import Staff, authorize
from subscribers.models import AccessAction, Subscriber
from subscribers.operations import lock_subscriber, record_access


def stop_for_person(*, actor: Staff, subscriber: Subscriber, reason: str, at: datetime) -> None:
    """Someone told us, in whatever way, that this person wants no more texts."""
    authorize(actor=actor, action="consent.add_suppression", at=at)
    proof: dict[str, object] = {"reason": reason, "staff": actor.pk}
    stop_and_wait(subscriber=subscriber, source=SuppressionSource.STAFF, proof=proof, at=at)


def erase_for_person(
    *, actor: Staff, subscriber: Subscriber, reason: str, remember_no: bool, at: datetime
) -> None:
    """Someone asked us, in whatever way, to erase this person. `reason` says nothing about them."""
    authorize(actor=actor, action="subscribers.erase_subscriber", at=at)
    with transaction.atomic():
        locked_at = forget(
            subscriber=subscriber, actor_kind=ActorKind.STAFF, remember_no=remember_no, at=at
        )
        record_access(
            actor=actor, action=AccessAction.ERASED, subscriber=subscriber, reason=reason, at=at
        )
    text_sender().await_silence(subscriber_id=subscriber.pk, locked_at=locked_at)


def restrict_person(*, actor: Staff, subscriber: Subscriber, reason: str, at: datetime) -> None:
    """Keep everything and use none of it (GDPR Art. 18); returns when nothing is leaving."""
    authorize(actor=actor, action="subscribers.restrict_subscriber", at=at)
    locked_at = _set_restriction(
        actor, subscriber, AccessAction.RESTRICTED, reason, at, restricted_at=at
    )
    text_sender().await_silence(subscriber_id=subscriber.pk, locked_at=locked_at)


def lift_restriction(*, actor: Staff, subscriber: Subscriber, reason: str, at: datetime) -> None:
    """The person agreed, or the dispute is over. They can read it in their history."""
    authorize(actor=actor, action="subscribers.restrict_subscriber", at=at)
    _set_restriction(actor, subscriber, AccessAction.UNRESTRICTED, reason, at, restricted_at=None)


@transaction.atomic
def revoke_links_for_person(*, actor: Staff, subscriber: Subscriber, at: datetime) -> None:
    """Someone has a text with a link to this person's page who should not."""
    authorize(actor=actor, action="consent.add_suppression", at=at)
    revoke_links(subscriber=subscriber, at=at)
    record_access(
        actor=actor, action=AccessAction.REVOKED_LINKS, subscriber=subscriber, reason="", at=at
    )


@transaction.atomic
def _set_restriction(
    actor: Staff,
    subscriber: Subscriber,
    action: AccessAction,
    reason: str,
    at: datetime,
    *,
    restricted_at: datetime | None,
) -> float:
    lock_subscriber(subscriber)
    locked_at = time.monotonic()
    changed = Subscriber.objects.reachable().filter(
        pk=subscriber.pk, restricted_at__isnull=restricted_at is not None
    )
    if changed.update(restricted_at=restricted_at):
        record_access(actor=actor, action=action, subscriber=subscriber, reason=reason, at=at)
    return locked_at
