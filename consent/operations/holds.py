"""Holds: an unclear text pauses everything to one person until somebody decided what it meant."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from consent.ledger import Entry, record
from consent.models import ActorKind, EventKind, Hold, SuppressionSource
from consent.operations.withdrawal import stop_all_texts, stop_and_wait
from subscribers.authorization import Staff, authorize
from subscribers.encryption import UnableToDecrypt
from subscribers.models import Subscriber
from subscribers.operations import lock_subscriber

log = logging.getLogger(__name__)
# One business day is promised; counted in hours, so that no weekend makes it longer.
DECIDED_WITHIN = timedelta(hours=24)
BATCH = 500


class UnableToDecide(Exception):
    """The hold is over already, or no reason was given; the message says which."""


@transaction.atomic
def place_hold(
    *,
    actor: Staff | None = None,
    subscriber: Subscriber,
    reason: str,
    at: datetime,
    proof: dict[str, object] | None = None,
) -> Hold:
    """Nothing goes to this person until the hold is decided; a live one is left as it is.

    `actor`: None when a text caused it. `reason` is at most 80 characters and says
    nothing personal; the text itself belongs into `proof`, which is encrypted.
    """
    if actor is not None:
        authorize(actor=actor, action="consent.place_hold", at=at)
    lock_subscriber(subscriber)
    live = Hold.objects.filter(subscriber=subscriber, released_at=None).first()
    if live is not None:
        return live
    staff: dict[str, object] = {} if actor is None else {"staff": actor.pk}
    _record(
        EventKind.HELD,
        subscriber,
        ActorKind.SYSTEM if actor is None else ActorKind.STAFF,
        {"reason": reason, **staff, **(proof or {})},
        at,
    )
    return Hold.objects.create(
        subscriber=subscriber, reason=reason, since_at=at, due_at=at + DECIDED_WITHIN
    )


@transaction.atomic
def release_hold(*, actor: Staff, hold: Hold, reason: str, at: datetime) -> None:
    """Someone read the text, and it asks for no stop: what was agreed to goes on."""
    authorize(actor=actor, action="consent.decide_hold", at=at)
    held = _undecided(hold, reason)
    evidence: dict[str, object] = {"reason": reason.strip(), "staff": actor.pk}
    _record(EventKind.RELEASED, held.subscriber, ActorKind.STAFF, evidence, at)
    Hold.objects.filter(pk=held.pk).update(released_at=at)


def stop_held_person(*, actor: Staff, hold: Hold, reason: str, at: datetime) -> None:
    """Someone read the text, and it means stop: everything is taken back, for good."""
    authorize(actor=actor, action="consent.decide_hold", at=at)
    with transaction.atomic():
        held = _undecided(hold, reason)
    proof: dict[str, object] = {"reason": reason.strip(), "staff": actor.pk}
    source = SuppressionSource.STAFF
    stop_and_wait(subscriber=held.subscriber, source=source, proof=proof, at=at)


def _undecided(hold: Hold, reason: str) -> Hold:
    """The hold as it is now, under the person's lock."""
    if not reason.strip():
        raise UnableToDecide(_("Say why."))
    lock_subscriber(hold.subscriber)
    live = Hold.objects.filter(pk=hold.pk, released_at=None).select_related("subscriber").first()
    if live is None:
        raise UnableToDecide(_("This hold is decided already."))
    return live


def revoke_undecided(*, at: datetime) -> int:
    """Whatever nobody decided in time counts as a stop. Returns how many people that were."""
    overdue = Hold.objects.filter(released_at=None, due_at__lte=at).order_by("due_at", "pk")
    return sum(
        _revoke_or_log(hold_id, at) for hold_id in overdue.values_list("pk", flat=True)[:BATCH]
    )


def _revoke_or_log(hold_id: int, at: datetime) -> bool:
    """One person whose key is missing must not keep the others from it: they stay held."""
    try:
        return _revoke(hold_id, at)
    except UnableToDecrypt:
        log.exception("hold %s: it could not be revoked", hold_id)
        return False


@transaction.atomic
def _revoke(hold_id: int, at: datetime) -> bool:
    hold = Hold.objects.select_related("subscriber").filter(pk=hold_id, released_at=None).first()
    if hold is None:
        return False
    lock_subscriber(hold.subscriber)
    if not Hold.objects.filter(pk=hold_id, released_at=None, due_at__lte=at).exists():
        return False
    proof: dict[str, object] = {"reason": "undecided", "held_since": hold.since_at.isoformat()}
    stop_all_texts(
        subscriber=hold.subscriber, source=SuppressionSource.UNDECIDED, proof=proof, at=at
    )
    return True


def _record(
    kind: EventKind,
    subscriber: Subscriber,
    actor_kind: ActorKind,
    evidence: dict[str, object],
    at: datetime,
) -> None:
    record(Entry(kind=kind, subscriber=subscriber, actor_kind=actor_kind, evidence=evidence), at=at)
