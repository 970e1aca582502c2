"""Rules about how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from messaging.rules import Cap, Frequency, Objection, SendFacts

# 47 CFR 64.1200(a)(12): one confirmation of an opt-out, within five minutes.
BETWEEN_ANSWERS = timedelta(minutes=5)


@dataclass(frozen=True)
class WithinPromise:
    code = "promise_reached"
    sentence = _("The person gets no more texts than the notice they accepted promised.")

    def check(self, facts: SendFacts) -> Objection | None:
        if facts.consented and facts.promised is None:
            return Objection(self.code)
        free_at = free_again(facts.at, facts.sent_at, facts.promised)
        return Objection(self.code, retry_at=free_at) if free_at else None


@dataclass(frozen=True)
class WithinChosenFrequency:
    code = "chosen_frequency_reached"
    sentence = _("The person gets no more texts than they chose.")

    def check(self, facts: SendFacts) -> Objection | None:
        free_at = free_again(facts.at, facts.sent_at, facts.chosen)
        return Objection(self.code, retry_at=free_at) if free_at else None


@dataclass(frozen=True)
class WithinJurisdictionCap:
    code = "cap_reached"
    sentence = _("The person gets no more campaigns than the law allows where they may be.")

    def check(self, facts: SendFacts) -> Objection | None:
        free = (free_again(facts.at, facts.campaign_texts_at, cap) for cap in facts.caps)
        latest = max((moment for moment in free if moment), default=None)
        return Objection(self.code, retry_at=latest) if latest else None


@dataclass(frozen=True)
class AnsweredOnce:
    code = "answered_already"
    sentence = _("The same answer was not given within the last five minutes.")

    def check(self, facts: SendFacts) -> Objection | None:
        answered = facts.answered_at
        if answered is None or answered <= facts.at - BETWEEN_ANSWERS:
            return None
        return Objection(self.code)


def free_again(
    at: datetime, sent_at: tuple[datetime, ...], limit: Frequency | Cap | None
) -> datetime | None:
    """When one more text fits the limit; None when it fits now."""
    if limit is None or len(sent_at) < limit.texts:
        return None
    recent = [sent for sent in sent_at if sent > at - limit.period]
    if len(recent) < limit.texts:
        return None
    return recent[len(recent) - limit.texts] + limit.period
