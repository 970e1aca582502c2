"""Reads: what became of a campaign's texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Sum

from messaging.models import COUNTS_AS_SENT, Campaign, Message, MessageState

OBJECTIONS = """
    SELECT o->>'code', count(*) FROM messaging_message m, jsonb_array_elements(m.objections) o
    WHERE m.campaign_id = %s GROUP BY 1
"""


@dataclass(frozen=True)
class Progress:
    """`by_state` has every state that occurs; it adds up to `audience`."""

    audience: int
    by_state: dict[MessageState, int]
    objections: dict[str, int]
    parts: int

    @property
    def waiting(self) -> int:
        return self.by_state.get(MessageState.QUEUED, 0) + self.by_state.get(
            MessageState.SUBMITTING, 0
        )

    @property
    def sent(self) -> int:
        return sum(self.by_state.get(state, 0) for state in COUNTS_AS_SENT)


def progress(campaign: Campaign) -> Progress:
    counted = Message.objects.filter(campaign=campaign).order_by().values_list("state")
    by_state = {MessageState(state): n for state, n in counted.annotate(Count("pk"))}
    sent = Message.objects.filter(campaign=campaign, state__in=COUNTS_AS_SENT)
    return Progress(
        audience=sum(by_state.values()),
        by_state=by_state,
        objections=_objections(campaign),
        parts=sent.aggregate(total=Sum("parts"))["total"] or 0,
    )


def _objections(campaign: Campaign) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(OBJECTIONS, [campaign.pk])
        return Counter(dict(cursor.fetchall()))
