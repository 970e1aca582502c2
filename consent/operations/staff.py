"""What staff may do about one person: only ever towards silence and forgetting."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from consent.models import ActorKind, SuppressionSource
from consent.operations.erasure import forget
from consent.operations.withdrawal import stop_and_wait
from consent.texts import text_sender
from subscribers.authorization import Staff, authorize
from subscribers.models import AccessAction, Subscriber
from subscribers.operations import record_access


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
