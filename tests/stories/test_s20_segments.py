"""S20: segments from a closed rule language choose who among the list is meant."""

from __future__ import annotations

from messaging.models import Message
from subscribers.models import Attribute, Segment
from subscribers.operations import set_attributes
from tests import cast


def test_a_campaign_reaches_only_the_segment(town):
    Attribute.objects.create(
        code="branch", label="Branch", kind="text", reason="to send local news"
    )
    alice, frank = town.join(cast.ALICE), town.join(cast.FRANK)
    set_attributes(subscriber=alice, values={"branch": "North"})
    set_attributes(subscriber=frank, values={"branch": "Mill Lane"})
    rule = {
        "all": [
            {"criterion": "country", "operator": "is_any_of", "value": ["GB"]},
            {"criterion": "attribute", "field": "branch", "operator": "is", "value": "North"},
        ]
    }
    campaign = cast.draft()
    campaign.segment = Segment.objects.create(name="North", rule=rule)
    campaign.save()
    town.run(campaign)
    town.phone(cast.ALICE).gets("Friday")
    assert [m.subscriber for m in Message.objects.filter(campaign=campaign)] == [alice]


def test_changing_the_segment_afterwards_changes_no_approved_audience(town):
    town.join(cast.ALICE)
    segment = Segment.objects.create(
        name="Britain", rule={"criterion": "country", "operator": "is_any_of", "value": ["GB"]}
    )
    campaign = cast.draft()
    campaign.segment = segment
    campaign.save()
    cast.started(campaign, cast.NOON)
    segment.rule = {"criterion": "country", "operator": "is_any_of", "value": ["FR"]}
    segment.save()
    campaign.refresh_from_db()
    assert campaign.segment_rule == {
        "criterion": "country",
        "operator": "is_any_of",
        "value": ["GB"],
    }
