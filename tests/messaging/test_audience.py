from __future__ import annotations

import pytest
from django.db import DatabaseError

from consent.circumstances import Circumstances
from consent.operations.withdrawal import withdraw_consent
from messaging.models import Message, MessageState
from messaging.operations import audience
from messaging.operations.audience import cut_audience
from messaging.operations.campaigns import cancel_campaign
from messaging.operations.recovery import recover
from tests import cast
from tests.rivals import stalled

AT = cast.NOON + cast.DAY
# Whoever writes the same row waits to see whether this one stays.
SAME_ROW = """
    INSERT INTO messaging_message (kind, campaign_id, subscriber_id, sender_id, purpose_id, state,
        language, parts, send_after, lapses_at, attempts_made, objections, receipt_token,
        provider_message_id, error_code, queued_at)
    SELECT 'marketing', k.id, %s, k.sender_id, k.purpose_id, 'withheld', 'en', 1, now(), now(), 0,
        '[{"code": "frozen"}]', 'token', '', '', now() FROM messaging_campaign k WHERE k.id = %s
"""


def withdraws(person):
    withdraw_consent(subscriber=person, purpose=cast.news(), circumstances=Circumstances(), at=AT)


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_in_the_middle_of_a_slice_is_withheld_and_the_others_have_their_rows():
    """The statement has read her yes and waits at another row, and she withdraws."""
    alice, frank = cast.alice(), cast.confirmed(cast.FRANK)
    campaign = cast.started(cast.draft(), AT)

    def cut():
        return cut_audience(campaign_id=campaign.pk, at=AT)

    with stalled(cut, by=SAME_ROW, parameters=[frank.pk, campaign.pk]) as written:
        withdraws(alice)
    assert written == [2]
    states = dict(Message.objects.filter(campaign=campaign).values_list("subscriber", "state"))
    assert states == {alice.pk: MessageState.WITHHELD, frank.pk: MessageState.QUEUED}
    campaign.refresh_from_db()
    assert campaign.audience_cut_at == AT


@pytest.mark.django_db(transaction=True)
def test_who_cancels_does_not_wait_for_a_slice_and_ends_it_all_the_same():
    people = [cast.alice(), cast.confirmed(cast.FRANK)]
    campaign = cast.started(cast.draft(), AT)

    def cut():
        return cut_audience(campaign_id=campaign.pk, at=AT)

    with stalled(cut, by=SAME_ROW, parameters=[people[1].pk, campaign.pk]) as written:
        cancel_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    assert written == [2]
    recover(at=AT)
    states = Message.objects.filter(campaign=campaign).values_list("state", flat=True)
    assert list(states) == [MessageState.CANCELLED] * 2
    campaign.refresh_from_db()
    assert campaign.audience_size == 2


@pytest.mark.django_db
def test_any_other_refusal_is_not_tried_again(monkeypatch):
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    tried = []

    def refuse(*_arguments):
        tried.append(1)
        raise DatabaseError("something else")

    monkeypatch.setattr(audience, "_write_slice", refuse)
    with pytest.raises(DatabaseError, match="something else"):
        cut_audience(campaign_id=campaign.pk, at=AT)
    assert tried == [1]
