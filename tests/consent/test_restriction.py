from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from consent.operations.staff import lift_restriction, restrict_person
from messaging.models import Message, MessageState
from messaging.operations.audience import cut_audience
from subscribers.authorization import NotAuthorized
from subscribers.models import AccessAction, AccessRecord, Subscriber
from subscribers.privacy import whole_history
from tests import cast
from tests.turns import take_turn

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY


def officer():
    return cast.staff("privacy", "Privacy officer")


def outcome_of_campaign() -> tuple[str, list[str]]:
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    message = Message.objects.get(campaign=campaign)
    return message.state, [objection["code"] for objection in message.objections]


def test_a_restricted_person_gets_no_campaign(carrier):
    restrict_person(actor=officer(), subscriber=cast.alice(), reason="objection", at=AT)
    assert outcome_of_campaign() == (MessageState.WITHHELD, ["restricted"])


def test_once_it_is_settled_texts_flow_again(carrier):
    alice = cast.alice()
    restrict_person(actor=officer(), subscriber=alice, reason="objection", at=AT)
    lift_restriction(actor=officer(), subscriber=alice, reason="settled", at=AT)
    assert outcome_of_campaign() == (MessageState.ACCEPTED, [])


def test_the_person_can_read_that_it_was_done_and_why():
    alice = cast.alice()
    restrict_person(actor=officer(), subscriber=alice, reason="They objected", at=AT)
    [line] = [line for line in whole_history(alice) if "restricted" in line.what]
    assert line.details == {"Role": "Privacy officer", "Reason": "They objected"}
    assert "privacy" not in str(line.details.values())


def test_twice_is_once():
    alice = cast.alice()
    for _ in range(2):
        restrict_person(actor=officer(), subscriber=alice, reason="x", at=AT)
    assert AccessRecord.objects.filter(action=AccessAction.RESTRICTED).count() == 1


def test_it_takes_the_right_role():
    with pytest.raises(NotAuthorized):
        restrict_person(actor=cast.author(), subscriber=cast.alice(), reason="x", at=AT)
    assert Subscriber.objects.get().restricted_at is None


def test_the_button_restricts_and_then_lifts(client: Client):
    alice = cast.alice()
    client.force_login(officer())
    address = reverse("admin:subscribers_subscriber_restrict", args=[alice.public_id])
    assert "This field is required." in client.post(address, {"reason": ""}).content.decode()
    page = client.post(address, {"reason": "objection"}, follow=True).content.decode()
    assert "Restricted since" in page
    page = client.post(address, {"reason": "settled"}, follow=True).content.decode()
    assert "Restricted since" not in page
