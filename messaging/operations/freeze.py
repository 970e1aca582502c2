"""The one switch that stops all marketing, and the one that lets it go on."""

from __future__ import annotations

from datetime import datetime

from messaging.models import SendingFreeze
from subscribers.authorization import Staff, authorize


def freeze_sending(*, actor: Staff, reason: str, at: datetime) -> None:
    """Every lane looks before every turn, so nothing leaves after about a second."""
    authorize(actor=actor, action="messaging.freeze_sending", at=at)
    SendingFreeze.objects.create(reason=reason, since_at=at, frozen_by_id=actor.pk)


def release_sending(*, actor: Staff, at: datetime) -> None:
    authorize(actor=actor, action="messaging.freeze_sending", at=at)
    SendingFreeze.objects.filter(ended_at=None).update(ended_at=at, ended_by=actor.pk)
