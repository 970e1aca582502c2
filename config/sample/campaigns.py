"""The library's campaigns: three that went out, one called off, three still to come."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.sample import campaign_words, words
from config.sample.library import Library
from config.sample.people import Fate, Person
from config.sample.sending import SECOND, Carrier, send_out
from config.sample.timeline import DAY, HOUR, MINUTE, Timeline
from messaging.models import Campaign, CampaignText
from messaging.operations.campaigns import (
    approve_campaign,
    cancel_campaign,
    start_campaign,
    submit_campaign,
)
from messaging.operations.recovery import cancel_waiting, close_unknown

# How long a text without a receipt is waited for.
UNKNOWN_FOR = timedelta(hours=72)


@dataclass(frozen=True, kw_only=True)
class Plan:
    name: str
    purpose: str
    subscriber_list: str
    texts: dict[str, str]
    segment: str = ""
    useful_hours: int = 24


TOTES = Plan(
    name="Totes are back", purpose="offers", subscriber_list=words.CUSTOMERS,
    texts=campaign_words.TOTES, useful_hours=48,
)  # fmt: skip
WRONG_DAY = Plan(
    name="Children's hour moves", purpose="news", subscriber_list=words.READERS,
    segment=words.FAMILIES, texts=campaign_words.WRONG_DAY,
)  # fmt: skip
LATE_EVENING = Plan(
    name="Late evening on Thursday", purpose="news", subscriber_list=words.READERS,
    texts=campaign_words.LATE_EVENING,
)  # fmt: skip
WINTER_SALE = Plan(
    name="Winter sale in the shop", purpose="offers", subscriber_list=words.CUSTOMERS,
    texts=campaign_words.WINTER_SALE,
)  # fmt: skip
HOLIDAYS = Plan(
    name="Hours over the holidays", purpose="news", subscriber_list=words.READERS,
    texts=campaign_words.HOLIDAYS, useful_hours=72,
)  # fmt: skip
NEW_WINDOWS = Plan(
    name="New windows at Mill Lane", purpose="news", subscriber_list=words.READERS,
    segment=words.MILL_LANE, texts=campaign_words.NEW_WINDOWS,
)  # fmt: skip
POETS = Plan(
    name="Three poets, one lamp", purpose="news", subscriber_list=words.FRIENDS,
    texts=campaign_words.POETS,
)  # fmt: skip


@dataclass
class Campaigns:
    library: Library
    timeline: Timeline
    people: list[Person]

    def plan(self) -> None:
        calendar = self.timeline.calendar
        for plan, at in (
            (TOTES, calendar.totes),
            (LATE_EVENING, calendar.late_evening),
            (WINTER_SALE, calendar.winter_sale),
        ):
            self.timeline.plan(at - DAY, functools.partial(self._approved, plan))
            self.timeline.plan(at, functools.partial(self._send, plan))
            self.timeline.plan(at + UNKNOWN_FOR + HOUR, lambda at: close_unknown(at=at))
        self.timeline.plan(calendar.wrong_day - HOUR, functools.partial(self._approved, WRONG_DAY))
        self.timeline.plan(calendar.wrong_day, self._call_off)
        closing = calendar.wrong_day + UNKNOWN_FOR + HOUR
        self.timeline.plan(closing, lambda at: close_unknown(at=at))
        self.timeline.plan(calendar.now - 26 * HOUR, functools.partial(self._approved, HOLIDAYS))
        submitted_at = calendar.now - 3 * HOUR
        self.timeline.plan(submitted_at, functools.partial(self._submitted, NEW_WINDOWS))
        self.timeline.plan(calendar.now - HOUR, functools.partial(self._written, POETS))

    def _written(self, plan: Plan, at: datetime) -> Campaign:
        library = self.library
        campaign = Campaign.objects.create(
            name=plan.name,
            purpose=library.purposes[plan.purpose],
            subscriber_list=library.lists[plan.subscriber_list],
            segment=library.segments.get(plan.segment),
            sender=library.sender,
            useful_hours=plan.useful_hours,
            created_by=library.staff.author,
            created_at=at,
            is_sample=True,
        )
        CampaignText.objects.bulk_create(
            CampaignText(campaign=campaign, language=language, body=body)
            for language, body in plan.texts.items()
        )
        return campaign

    def _submitted(self, plan: Plan, at: datetime) -> Campaign:
        campaign = self._written(plan, at - 40 * MINUTE)
        submit_campaign(actor=self.library.staff.author, campaign=campaign, at=at)
        return campaign

    def _approved(self, plan: Plan, at: datetime) -> None:
        campaign = self._submitted(plan, at - 20 * MINUTE)
        approve_campaign(actor=self.library.staff.approver, campaign=campaign, at=at)

    def _started(self, plan: Plan, at: datetime) -> Campaign:
        campaign = Campaign.objects.get(name=plan.name)
        start_campaign(actor=self.library.staff.approver, campaign=campaign, at=at)
        return Campaign.objects.select_related("sender").get(pk=campaign.pk)

    def _send(self, plan: Plan, at: datetime) -> None:
        send_out(self._started(plan, at), carrier=self._carrier(), at=at)

    def _call_off(self, at: datetime) -> None:
        """The day was wrong: seen four seconds after the start."""
        campaign = self._started(WRONG_DAY, at)
        send_out(campaign, carrier=self._carrier(), at=at, most_turns=4)
        cancel_campaign(actor=self.library.staff.approver, campaign=campaign, at=at + 4 * SECOND)
        cancel_waiting(at=at + 4 * SECOND)

    def _carrier(self) -> Carrier:
        """Whoever answers a text with STOP has received it."""
        answering = [each.phone.e164 for each in self.people if each.fate is Fate.STOPPED]
        return Carrier(sure=answering)
