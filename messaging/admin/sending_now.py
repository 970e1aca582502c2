"""What leaves at this moment: every sender with its lanes, and every campaign under way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messaging.bars import Piece, pieces
from messaging.gate import sentence
from messaging.lanes.daily import daily_room
from messaging.lanes.wording import is_frozen
from messaging.models import Campaign, CampaignStatus, Sender
from messaging.watching.readings import Lane, Reading, ReadingsUnavailable, readings
from messaging.watching.sparks import Spark, spark
from messaging.watching.tallies import Tally, tally
from messaging.watching.traffic import LaneTraffic, lanes
from messaging.watching.vital_signs import VitalSigns, vital_signs

UNDER_WAY = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
MOST_HOURS = 5
STANDS_STILL = {
    "confirm": _("texts that people wait for"),
    "inbound": _("delivery reports"),
    "bulk": _("campaigns"),
    "ledger": _("the seal of the ledger"),
    "maintenance": _("repairs and cleaning up"),
}


@dataclass(frozen=True)
class LaneNow:
    """One lane; `reading` and `spark` are None while Redis or Valkey is gone."""

    label: str | Promise
    traffic: LaneTraffic
    reading: Reading | None
    spark: Spark | None
    # Of the text that is due longest.
    waited_seconds: int


@dataclass(frozen=True)
class SenderNow:
    """`left_today`: parts that the carrier still takes in its day; None where it does not count."""

    sender: Sender
    left_today: int | None
    lanes: list[LaneNow]
    standstills: list[str | Promise]


@dataclass(frozen=True)
class CampaignNow:
    """`done_at`: when its last text leaves, if all goes on as in the last minute."""

    campaign: Campaign
    tally: Tally
    pieces: list[Piece]
    objections: list[tuple[str, int]]
    hours: list[tuple[datetime, int]]
    after_that: int
    done_at: datetime | None


def sending_now_context(*, at: datetime) -> dict[str, Any]:
    """For the part of the page that is drawn anew."""
    senders = list(Sender.objects.order_by("name"))
    known = _readings(senders, at)
    signs = vital_signs(at=at)
    campaigns = _campaigns(known or {}, at)
    return {
        "at": at,
        "signs": signs,
        "still": [STANDS_STILL.get(queue, queue) for queue in signs.late],
        "senders": _senders(senders, known, signs, at),
        "campaigns": campaigns,
    }


def _readings(senders: list[Sender], at: datetime) -> dict[Lane, Reading] | None:
    try:
        return readings(sender_ids=[sender.pk for sender in senders], at=at)
    except ReadingsUnavailable:
        return None


def _senders(
    senders: list[Sender],
    known: Mapping[Lane, Reading] | None,
    signs: VitalSigns,
    at: datetime,
) -> list[SenderNow]:
    traffic: dict[int, list[LaneTraffic]] = defaultdict(list)
    for lane in lanes(at=at):
        traffic[lane.sender_id].append(lane)
    frozen = is_frozen()
    return [
        SenderNow(
            sender,
            left := daily_room(sender, at),
            [
                _lane(sender, lane, known, at)
                for lane in traffic[sender.pk]
                if _is_used(sender, lane)
            ],
            _standstills(sender, signs, left, at, frozen=frozen),
        )
        for sender in senders
    ]


def _is_used(sender: Sender, traffic: LaneTraffic) -> bool:
    """What was queued before another sender took over still has to leave."""
    waits = traffic.due or traffic.next_at
    return bool(traffic.marketing or sender.sends_system_texts or waits)


def _lane(
    sender: Sender, traffic: LaneTraffic, known: Mapping[Lane, Reading] | None, at: datetime
) -> LaneNow:
    label = _("Campaigns") if traffic.marketing else _("Confirmations and answers")
    waited = int((at - traffic.oldest_at).total_seconds()) if traffic.oldest_at else 0
    if known is None:
        return LaneNow(label, traffic, None, None, waited)
    reading = known[sender.pk, traffic.marketing]
    drawn = spark(reading.parts, full=float(sender.parts_per_second))
    return LaneNow(label, traffic, reading, drawn, waited)


def _standstills(
    sender: Sender, signs: VitalSigns, left_today: int | None, at: datetime, *, frozen: bool
) -> list[str | Promise]:
    """Why nothing, or no campaign, leaves from this sender."""
    reasons: list[tuple[bool, str | Promise]] = [
        (not sender.is_active, _("Not in use: nothing leaves.")),
        (
            not signs.has_rate,
            _("Redis or Valkey does not answer, so no rate can be reserved: texts wait."),
        ),
        (left_today == 0, _day_is_full(sender, at)),
        (frozen, _("All marketing is stopped: campaigns wait.")),
        ("bulk" in signs.late, _("The worker for campaigns gives no sign of life.")),
        (
            "confirm" in signs.late and sender.sends_system_texts,
            _("The worker for texts that people wait for gives no sign of life."),
        ),
    ]
    return [words for applies, words in reasons if applies]


def _day_is_full(sender: Sender, at: datetime) -> str:
    local = timezone.localtime(sender.day_ends_at(at))
    ends_at = f"{date_format(local, 'DATETIME_FORMAT')} {date_format(local, 'e')}"
    words = gettext("The carrier took the %(parts)s parts of its day: texts wait until %(at)s.")
    return words % {"parts": sender.parts_per_day, "at": ends_at}


def _campaigns(known: Mapping[Lane, Reading], at: datetime) -> list[CampaignNow]:
    under_way = Campaign.objects.filter(status__in=UNDER_WAY).select_related("sender")
    tallies = [(each, tally(each, at=at)) for each in under_way.order_by("started_at")]
    waiting: dict[int, int] = defaultdict(int)
    for campaign, counted in tallies:
        if campaign.status == CampaignStatus.RUNNING:
            waiting[campaign.sender_id] += counted.waiting
    return [
        _campaign(each, counted, _done_at(each, counted, known, waiting, at))
        for each, counted in tallies
    ]


def _done_at(
    campaign: Campaign,
    counted: Tally,
    known: Mapping[Lane, Reading],
    waiting: Mapping[int, int],
    at: datetime,
) -> datetime | None:
    """The campaigns of one sender share its rate, so all that waits there counts."""
    reading = known.get((campaign.sender_id, True))
    runs = campaign.status == CampaignStatus.RUNNING
    if not (runs and counted.waiting and reading and reading.texts_per_second):
        return None
    at_this_rate = timedelta(seconds=waiting[campaign.sender_id] / reading.texts_per_second)
    return max(at + at_this_rate, counted.last_at or at)


def _campaign(campaign: Campaign, counted: Tally, done_at: datetime | None) -> CampaignNow:
    by_rule = sorted(counted.progress.objections.items(), key=lambda item: -item[1])
    return CampaignNow(
        campaign=campaign,
        tally=counted,
        pieces=pieces(counted.progress.by_state),
        objections=[(sentence(code), count) for code, count in by_rule],
        hours=list(counted.later[:MOST_HOURS]),
        after_that=sum(count for _from_at, count in counted.later[MOST_HOURS:]),
        done_at=done_at,
    )
