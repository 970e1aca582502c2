"""The numbers of the first page, counted when it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from consent import erasure_list
from consent.criteria import ACTIVE_CONSENTS
from consent.models import Hold, Purpose
from messaging.bars import Piece, pieces
from messaging.models import Campaign, CampaignStatus, Message, MessageState, SendingFreeze
from messaging.watching.vital_signs import VitalSigns, vital_signs
from subscribers.models import Subscriber

SOON = timedelta(hours=4)


@dataclass(frozen=True)
class Today:
    people: int
    purposes: list[Any]
    waiting: list[Campaign]
    running: list[Campaign]
    drafts: int
    texts: int
    pieces: list[Piece]
    holds: int
    holds_due: int
    freeze: SendingFreeze | None
    must_replay: bool
    signs: VitalSigns


def today(at: datetime) -> Today:
    by_state = _texts_since(timezone.localtime(at).replace(hour=0, minute=0, second=0))
    holds = Hold.objects.filter(released_at=None).aggregate(
        all=Count("pk"), due=Count("pk", filter=Q(due_at__lte=at + SOON))
    )
    return Today(
        people=Subscriber.objects.reachable().count(),
        purposes=list(
            Purpose.objects.annotate(agreed=Count("consents", filter=ACTIVE_CONSENTS)).order_by(
                "name"
            )
        ),
        waiting=list(_campaigns(CampaignStatus.SUBMITTED, CampaignStatus.APPROVED)),
        running=list(_campaigns(CampaignStatus.RUNNING, CampaignStatus.PAUSED)),
        drafts=_campaigns(CampaignStatus.DRAFT).count(),
        texts=sum(by_state.values()),
        pieces=pieces(by_state),
        holds=holds["all"],
        holds_due=holds["due"],
        freeze=live_freeze(),
        must_replay=erasure_list.is_ahead(),
        signs=vital_signs(at=at),
    )


@dataclass(frozen=True)
class Stoppable:
    """What a freeze holds back."""

    campaigns: list[Campaign]
    texts: int


def stoppable() -> Stoppable:
    running = _campaigns(CampaignStatus.RUNNING)
    waiting = Message.objects.filter(state=MessageState.QUEUED, campaign__in=running.order_by())
    return Stoppable(list(running), waiting.count())


def live_freeze() -> SendingFreeze | None:
    return SendingFreeze.objects.filter(ended_at=None).select_related("frozen_by").first()


def _campaigns(*statuses: CampaignStatus) -> QuerySet[Campaign]:
    campaigns = Campaign.objects.filter(status__in=statuses)
    return campaigns.select_related("created_by", "purpose").order_by("-created_at")


def _texts_since(since_at: datetime) -> dict[MessageState, int]:
    counted = Message.objects.filter(queued_at__gte=since_at).order_by().values_list("state")
    return {MessageState(state): count for state, count in counted.annotate(Count("pk"))}
