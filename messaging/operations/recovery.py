"""Putting right what a crash or a silent provider left behind. Nothing is ever sent again here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from messaging.lanes import chunks
from messaging.models import (
    Attempt,
    AttemptOutcome,
    AudienceSlice,
    Campaign,
    CampaignStatus,
    Chunk,
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


def lapse(*, at: datetime) -> int:
    """Too late to be useful: dropped, not sent late."""
    over = Campaign.objects.filter(lapses_at__lte=at)
    late = Message.objects.filter(state=S.QUEUED, campaign=None, lapses_at__lte=at)
    return _end_waiting(over, S.LAPSED, at) + _end(late, S.LAPSED, at)


def cancel_waiting(*, at: datetime) -> int:
    """Texts of cancelled campaigns, some thousands at a time; the next tick takes the next."""
    cancelled = Campaign.objects.filter(status=CampaignStatus.CANCELLED)
    _forget_unwritten(cancelled)
    return _end_waiting(cancelled, S.CANCELLED, at)


def _end_waiting(campaigns: QuerySet[Campaign], state: MessageState, at: datetime) -> int:
    """What waits in the next few chunks of these campaigns ends so, and the chunks are done."""
    with transaction.atomic():
        waiting = Chunk.objects.filter(next_due_at__isnull=False, campaign__in=campaigns)
        locked = list(waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:10])
        ended = sum(
            _end(
                Message.objects.filter(
                    pk__range=(chunk.first_message_id, chunk.last_message_id),
                    campaign=chunk.campaign_id,
                    state=S.QUEUED,
                ),
                state,
                at,
            )
            for chunk in locked
        )
        chunks.put_off([chunk.pk for chunk in locked])
    return ended


@transaction.atomic
def _end(waiting: QuerySet[Message], state: MessageState, at: datetime) -> int:
    return _settle(_locked(waiting), S.QUEUED, state=state, settled_at=at)


def _forget_unwritten(cancelled: QuerySet[Campaign]) -> None:
    """Whoever has no row yet when a campaign is cancelled was never considered. A slice that is
    being written goes on to its end, and the next tick ends its rows."""
    for campaign in cancelled.filter(audience_cut_at=None, audience_size__gt=0):
        with transaction.atomic():
            slices = AudienceSlice.objects.filter(campaign=campaign)
            locked = slices.select_for_update(skip_locked=True, of=("self",))
            unwritten = dict(locked.values_list("pk", "subscriber_ids__len"))
            if unwritten:
                slices.filter(pk__in=unwritten).delete()
                Campaign.objects.filter(pk=campaign.pk).update(
                    audience_size=F("audience_size") - sum(unwritten.values())
                )


def finish_campaigns(*, at: datetime) -> int:
    """A running campaign whose every person has an outcome is finished."""
    open_chunks = Chunk.objects.filter(campaign=OuterRef("pk"), next_due_at__isnull=False)
    done = Campaign.objects.filter(status=CampaignStatus.RUNNING, audience_cut_at__isnull=False)
    finished = 0
    for campaign in done.exclude(Exists(open_chunks)):
        texts = Message.objects.filter(campaign=campaign)
        if texts.filter(state=S.QUEUED).exists():
            # Whatever wrote them so past the chunks, somebody has to look at them.
            chunks.reopen(list(texts.filter(state=S.QUEUED).values_list("pk", flat=True)[:500]))
        elif not texts.filter(state=S.SUBMITTING).exists():
            finished += Campaign.objects.filter(
                pk=campaign.pk, status=CampaignStatus.RUNNING
            ).update(status=CampaignStatus.FINISHED, finished_at=at)
    return finished


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
