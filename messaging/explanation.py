"""Why would she get this campaign, or why not? Every rule's answer for one person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from messaging import gate
from messaging.audience import audience, kind_of
from messaging.facts import Question, load
from messaging.lanes.wording import Wording
from messaging.models import Campaign, CampaignStatus, Message
from messaging.places import Place
from messaging.rules import Objection, Rule, SendFacts
from subscribers.models import Subscriber
from subscribers.segments import InvalidRule

NOT_STARTED = (CampaignStatus.DRAFT, CampaignStatus.SUBMITTED, CampaignStatus.APPROVED)


@dataclass(frozen=True)
class Answer:
    """What one rule says. `sentence` is what is permitted; `retry_at` where it is "not now"."""

    code: str
    sentence: str
    holds: bool
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Explanation:
    """All answers of the gate at one moment.

    `is_meant`: whether the campaign is for this person at all; None where that cannot be read.
    `message` is the row the campaign has for them, once it has one.
    """

    answers: list[Answer]
    place: Place
    is_meant: bool | None
    message: Message | None

    @property
    def may_go(self) -> bool:
        return all(answer.holds for answer in self.answers)

    @property
    def opens_at(self) -> datetime | None:
        """When it could go, if everything that objects is only "not now"."""
        said = [Objection(a.code, a.retry_at) for a in self.answers if not a.holds]
        return gate.retry_at(said) if said else None


def explain(campaign: Campaign, subscriber: Subscriber, *, at: datetime) -> Explanation:
    """Ask every rule, without locks: what is true while somebody looks."""
    kind = kind_of(campaign)
    message = Message.objects.filter(campaign=campaign, subscriber=subscriber).first()
    question = Question(
        message_id=message.pk if message else None,
        subscriber_id=subscriber.pk,
        kind=kind,
        purpose_id=campaign.purpose_id,
    )
    [known] = load([question], sender=campaign.sender, at=at)
    assert known is not None  # noqa: S101 - a subscriber's row is never deleted
    facts = as_if_started(known.facts, campaign)
    answers = [_answer(rule, facts) for rule in gate.RULES[kind]]
    return Explanation(answers, known.place, _is_meant(campaign, subscriber), message)


def as_if_started(facts: SendFacts, campaign: Campaign) -> SendFacts:
    """With what is known of the campaign. One that was not approved yet is judged as if it ran
    as it stands: the question is about the person."""
    facts = replace(facts, **Wording.of_campaigns([campaign.pk]).about(campaign.pk))
    if campaign.status in NOT_STARTED:
        return replace(facts, campaign_runs=True, approval_holds=True)
    return facts


def _answer(rule: Rule, facts: SendFacts) -> Answer:
    said = rule.check(facts)
    retry_at = said.retry_at if said else None
    return Answer(rule.code, str(rule.sentence), said is None, retry_at)


def _is_meant(campaign: Campaign, subscriber: Subscriber) -> bool | None:
    try:
        return audience(campaign).filter(pk=subscriber.pk).exists()
    except InvalidRule:
        return None
