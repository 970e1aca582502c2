"""The one switch that stops all marketing, and the one that lets it go on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from messaging.models import SendingFreeze
from subscribers.authorization import Staff, authorize


class UnableToFreeze(Exception):
    """A freeze says why."""


def freeze_sending(*, actor: Staff, reason: str, at: datetime) -> None:
    """Every lane looks before every turn, so nothing leaves after about a second.

    Stopping needs one person, and never fails because somebody was quicker.
    """
    authorize(actor=actor, action="messaging.freeze_sending", at=at)
    if not reason.strip():
        raise UnableToFreeze(_("Say why, then freeze."))
    SendingFreeze.objects.create(reason=reason.strip(), since_at=at, frozen_by_id=actor.pk)


@transaction.atomic
def release_sending(*, actor: Staff, at: datetime) -> None:
    """End every freeze: a second person looked, who froze none of them."""
    live = SendingFreeze.objects.filter(ended_at=None).select_for_update()
    authors = set(live.values_list("frozen_by_id", flat=True))
    authorize(actor=actor, action="messaging.release_sending", authors=authors, at=at)
    live.update(ended_at=at, ended_by=actor.pk)
