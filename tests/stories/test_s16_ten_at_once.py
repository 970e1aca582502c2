"""S16, under load: ten campaigns in the same second, and the notice promised one text a week."""

from __future__ import annotations

from collections import Counter

from django.utils import timezone

from messaging.models import Campaign, Message, MessageState, Sender
from tests import cast

PEOPLE = [f"+4477009006{n:02d}" for n in range(20)]
SENDERS = 3


def ten_campaigns() -> list[Campaign]:
    """Over the same people and several senders, so that their lanes are worked at once.

    Useful for an hour only: what has to wait for a week is then never sent.
    """
    senders = [cast.sender(), *(branch(number) for number in range(1, SENDERS))]
    campaigns = []
    for nth in range(10):
        campaign = cast.draft(f"Mugs, number {nth}.", cast.offers())
        campaign.sender, campaign.useful_hours = senders[nth % SENDERS], 1
        campaign.save()
        campaigns.append(campaign)
    return campaigns


def branch(number: int) -> Sender:
    return Sender.objects.create(
        name=f"Branch {number}",
        provider="simulator",
        address=f"+44770090090{number}",
        parts_per_second=1000,
        burst=100,
    )


def test_everyone_gets_exactly_one_and_nine_say_why(town):
    for number in PEOPLE:
        cast.confirmed(number, cast.offers(), at=timezone.now() - cast.DAY)
    town.crew.hire_bulk()
    campaigns = ten_campaigns()
    for campaign in campaigns:
        cast.started(campaign, timezone.now())
    for campaign in campaigns:
        town.finished(campaign)
    reached = Counter(e["number"] for e in town.carrier.log() if "Mugs" in e["text"])
    assert reached == Counter(PEOPLE)
    rows = Message.objects.filter(campaign__in=campaigns)
    kept_back = rows.filter(state=MessageState.WITHHELD)
    assert (rows.count(), kept_back.count()) == (10 * len(PEOPLE), 9 * len(PEOPLE))
    said = {tuple(o["code"] for o in objections) for (objections,) in
            kept_back.values_list("objections")}  # fmt: skip
    assert said == {("promise_reached",)}
