"""What became of the texts of the past year. The lanes decide as they always do; only the hand
over to the carrier is left out, so that nothing leaves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from django.db.models import CharField, F, Min, Value
from django.db.models.functions import Cast, Concat

from config.sample.timeline import MINUTE
from consent.models import Confirmation
from messaging.lanes import chunks, claims, permits, results
from messaging.lanes.permits import Permitted
from messaging.lanes.results import Result
from messaging.lanes.shares import Shares
from messaging.lanes.wording import Wording
from messaging.models import (
    CAMPAIGN_KINDS,
    AttemptOutcome,
    Campaign,
    CampaignStatus,
    Message,
    MessageKind,
    MessageState,
)
from messaging.models.messages import reference
from messaging.operations.audience import cut_audience
from messaging.operations.breaker import note_canaries_left, watch_campaign
from messaging.operations.receipts import apply_receipts, store_receipts
from messaging.operations.recovery import finish_campaigns
from messaging.providers.base import ReceiptReport

SECOND = timedelta(seconds=1)
WATCHED_FOR = 11 * MINUTE
TEXTS_PER_SECOND = 10
S = MessageState


SYSTEM_KINDS = [kind for kind in MessageKind if kind not in CAMPAIGN_KINDS]


def settle_system_texts() -> None:
    """Confirmations, answers and codes left at once and arrived: none waits for the demo."""
    texts = Message.objects.filter(kind__in=SYSTEM_KINDS, settled_at=None)
    texts.filter(state=S.QUEUED).update(
        state=S.SUBMITTING, permitted_at=F("queued_at") + SECOND, attempts_made=1
    )
    Confirmation.objects.filter(text_left_at=None).update(text_left_at=F("requested_at") + SECOND)
    texts.filter(state=S.SUBMITTING).update(
        state=S.ACCEPTED,
        provider_message_id=Concat(Value("sample-"), Cast("pk", CharField())),
    )
    texts.filter(state=S.ACCEPTED).update(
        state=S.DELIVERED, settled_at=F("permitted_at") + 3 * SECOND
    )


@dataclass
class Carrier:
    """Takes a campaign's texts; every so many go wrong, but never those to `sure` numbers."""

    sure: Collection[str] = ()
    _taken: count[int] = field(default_factory=lambda: count(1))

    def take(self, text: Permitted) -> tuple[Result, ReceiptReport | None]:
        """How the submission ended, and the receipt that follows, if any."""
        number = 0 if text.to in self.sure else next(self._taken)
        if number % 41 == 3:
            return _result(text, S.UNKNOWN, "http_502", AttemptOutcome.UNCLEAR), None
        if number % 37 == 11:
            return _result(text, S.REJECTED, "number_not_in_service"), None
        return _result(text, S.ACCEPTED), _receipt(text, number)


def _result(
    text: Permitted, state: MessageState, code: str = "", outcome: AttemptOutcome | None = None
) -> Result:
    return Result(
        id=text.id,
        attempt=text.attempt,
        state=state,
        provider_message_id=f"sample-{text.id}" if state == S.ACCEPTED else "",
        error_code=code,
        outcome=outcome,
    )


def _receipt(text: Permitted, number: int) -> ReceiptReport:
    state, code = S.DELIVERED, ""
    if number % 31 == 5:
        state, code = S.UNDELIVERED, "phone_unreachable"
    elif number % 53 == 7:
        state, code = S.EXPIRED, "validity_over"
    return ReceiptReport(reference(text.id, text.receipt_token), state, code)


def send_out(
    campaign: Campaign, *, carrier: Carrier, at: datetime, most_turns: int | None = None
) -> datetime:
    """Send a running campaign, ten texts a second; returns when the last receipt was in."""
    settle_system_texts()
    cut_audience(campaign_id=campaign.pk, at=at)
    clock: datetime | None = at
    turns = 0
    while clock is not None and turns != most_turns:
        last_at = clock
        clock = _next_turn(campaign, carrier, clock)
        turns += 1
    ended_at = last_at + MINUTE
    apply_receipts(at=ended_at)
    finish_campaigns(at=ended_at)
    return ended_at


def _next_turn(campaign: Campaign, carrier: Carrier, at: datetime) -> datetime | None:
    """A turn; after the one in which the canary left it is watched before the next."""
    next_at = _take_turn(campaign, carrier, at)
    campaign.refresh_from_db(fields=["status", "canary_left_at", "canary_passed_at"])
    if campaign.canary_waits:
        next_at = at + WATCHED_FOR
        apply_receipts(at=next_at)
        watch_campaign(campaign_id=campaign.pk, at=next_at)
    return next_at if campaign.status == CampaignStatus.RUNNING else None


def _take_turn(campaign: Campaign, carrier: Carrier, at: datetime) -> datetime | None:
    """Ask the gate about the next few; returns when the next turn is, None when nobody waits."""
    parts = TEXTS_PER_SECOND
    batch = claims.claim_campaign_texts(campaign.sender, shares=Shares(), parts=parts, at=at)
    wording = Wording.of(batch.messages)
    decisions = permits.decide(batch.messages, wording, at)
    note_canaries_left(campaign_ids=wording.full_canaries(), at=at)
    ended = [carrier.take(text) for text in permits.write(decisions, at)]
    chunks.put_off(batch.chunks)
    results.record([result for result, _receipt in ended], at=at + SECOND / 4)
    for place, (_ended, receipt) in enumerate(ended):
        if receipt is not None:
            arrived_at = at + (2 + 4 * place) * SECOND
            store_receipts(provider="simulator", reports=[receipt], at=arrived_at)
    waiting = Message.objects.filter(campaign=campaign, state=S.QUEUED)
    due_at: datetime | None = waiting.aggregate(first=Min("send_after"))["first"]
    return due_at and max(due_at, at + SECOND)
