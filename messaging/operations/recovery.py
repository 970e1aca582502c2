"""Putting right what a crash or a silent provider left behind. Nothing is ever sent again here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from messaging.models import (
    Attempt,
    AttemptOutcome,
    Campaign,
    CampaignStatus,
    Message,
    MessageState,
)

S = MessageState
# The HTTP deadline of a submission, and half a minute for its result to be written.
LOST_AFTER = timedelta(seconds=40)
UNKNOWN_FOR = timedelta(hours=72)


@transaction.atomic
def give_up_lost(*, at: datetime) -> int:
    """A worker died with these: they may have left, so they are never sent again."""
    lost = Message.objects.filter(state=S.SUBMITTING, permitted_at__lt=at - LOST_AFTER)
    messages = _locked(lost)
    Attempt.objects.bulk_create(
        [
            Attempt(
                message=message,
                number=message.attempts_made,
                outcome=AttemptOutcome.UNCLEAR,
                detail="worker_lost",
                ended_at=at,
            )
            for message in messages
        ],
        ignore_conflicts=True,
    )
    return _settle(messages, S.SUBMITTING, state=S.UNKNOWN, error_code="worker_lost")


@transaction.atomic
def close_unknown(*, at: datetime) -> int:
    """No receipt came in three days: possibly sent, and staff see it said so."""
    silent = Message.objects.filter(state=S.UNKNOWN, permitted_at__lt=at - UNKNOWN_FOR)
    return _settle(_locked(silent), S.UNKNOWN, state=S.UNKNOWN_FINAL, settled_at=at)


@transaction.atomic
def lapse(*, at: datetime) -> int:
    """Too late to be useful: dropped, not sent late."""
    late = Message.objects.filter(state=S.QUEUED, lapses_at__lte=at)
    return _settle(_locked(late), S.QUEUED, state=S.LAPSED, settled_at=at)


@transaction.atomic
def cancel_waiting(*, at: datetime) -> int:
    """Texts of cancelled campaigns, some thousands at a time; the next tick takes the next."""
    waiting = Message.objects.filter(state=S.QUEUED, campaign__status=CampaignStatus.CANCELLED)
    return _settle(_locked(waiting), S.QUEUED, state=S.CANCELLED, settled_at=at)


def finish_campaigns(*, at: datetime) -> int:
    """A running campaign whose every person has an outcome is finished."""
    waiting = Message.objects.filter(state__in=[S.QUEUED, S.SUBMITTING])
    return (
        Campaign.objects.filter(status=CampaignStatus.RUNNING, audience_cut_at__isnull=False)
        .exclude(pk__in=waiting.exclude(campaign=None).values("campaign"))
        .update(status=CampaignStatus.FINISHED, finished_at=at)
    )


def _locked(messages: QuerySet[Message]) -> list[Message]:
    """Locked in id order, as every bulk writer of messages does."""
    return list(messages.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:5000])


def _settle(messages: list[Message], from_state: MessageState, **changes: object) -> int:
    ids = [message.pk for message in messages]
    return Message.objects.filter(pk__in=ids, state=from_state).update(**changes)


def recover(*, at: datetime) -> None:
    """All of the above."""
    give_up_lost(at=at)
    close_unknown(at=at)
    cancel_waiting(at=at)
    lapse(at=at)
    finish_campaigns(at=at)
