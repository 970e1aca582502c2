"""Who a campaign is for: everyone on its list whom its segment selects, whether or not we may
text them. Who of them gets the text is decided by the gate, one by one, at the last moment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet

from consent.active import active_consent
from consent.models import Consent, PurposeKind, Suppression
from messaging.models import Campaign, CampaignStatus, MessageKind
from subscribers.models import Subscriber
from subscribers.querysets import SubscriberQuerySet
from subscribers.segments import matching


def audience(campaign: Campaign) -> SubscriberQuerySet:
    """The people, by the segment's rule as approved, or as it stands while a draft."""
    people: SubscriberQuerySet = Subscriber.objects.reachable()
    rule = rule_of(campaign)
    if rule is not None:
        people = matching(rule)
    return people.filter(memberships__subscriber_list=campaign.subscriber_list_id)


def rule_of(campaign: Campaign) -> object | None:
    if campaign.status == CampaignStatus.DRAFT:
        return campaign.segment.rule if campaign.segment else None
    return campaign.segment_rule


def kind_of(campaign: Campaign) -> MessageKind:
    """A service purpose has a gate of its own; whatever else is agreed to is marketing."""
    is_service = campaign.purpose.kind == PurposeKind.SERVICE
    return MessageKind.SERVICE if is_service else MessageKind.MARKETING


def countries_of(people: SubscriberQuerySet) -> Counter[str]:
    """How many of their numbers are of which country, ISO 3166-1 or ""."""
    counted = people.order_by().values_list("country").annotate(Count("pk"))
    return Counter(dict(counted))


@dataclass(frozen=True)
class Forecast:
    """How many are meant, and how many of them could be texted right now."""

    audience: int
    reachable: int
    without_consent: int
    suppressed: int
    by_language: dict[str, int]


def forecast(campaign: Campaign, at: datetime) -> Forecast:
    """A superset for preview: the gate has more rules, and the last word."""
    alike = _judged(campaign, at).order_by("language").values_list("stopped", "agreed", "language")
    people: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    for stopped, agreed, language, count in alike.annotate(Count("pk")):
        people["suppressed" if stopped else "reachable" if agreed else "without_consent"] += count
        if agreed and not stopped:
            by_language[language] += count
    return Forecast(
        audience=people.total(),
        reachable=people["reachable"],
        without_consent=people["without_consent"],
        suppressed=people["suppressed"],
        by_language=dict(by_language),
    )


def reachable(campaign: Campaign, at: datetime) -> SubscriberQuerySet:
    """Those of the audience who could be texted right now, by consent and suppression."""
    return _judged(campaign, at).filter(agreed=True, stopped=False)


def _judged(campaign: Campaign, at: datetime) -> SubscriberQuerySet:
    people: SubscriberQuerySet = audience(campaign).annotate(
        agreed=Exists(active_consents(campaign.purpose_id, at)),
        stopped=Exists(live_suppressions()),
    )
    return people


def active_consents(purpose_id: int, at: datetime) -> QuerySet[Consent]:
    """Standing yeses of the outer subscriber for one purpose."""
    return Consent.objects.filter(
        active_consent(at=at), subscriber=OuterRef("pk"), purpose=purpose_id
    )


def live_suppressions() -> QuerySet[Suppression]:
    return Suppression.objects.filter(number_digest=OuterRef("number_digest"), lifted_at=None)
