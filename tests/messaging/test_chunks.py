from __future__ import annotations

from datetime import UTC, datetime

import pytest

from consent.operations.policy import override_policy
from consent.operations.preferences import pause
from messaging.lanes.chunks import due_campaigns, next_due_at, weights
from messaging.models import AudienceSlice, Campaign, Chunk, Message, MessageState, Sender
from messaging.operations import audience, selection
from messaging.operations.audience import cut_audience
from messaging.operations.campaigns import cancel_campaign
from messaging.operations.recovery import finish_campaigns, recover
from messaging.operations.selection import select_audience
from subscribers.models import Subscriber
from tests import cast
from tests.turns import take_turn

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY
NIGHT = datetime(2026, 11, 4, 3, tzinfo=UTC)
PEOPLE = [f"+4477009002{n:02d}" for n in range(7)]


def started(at=AT, numbers=PEOPLE, **fields) -> Campaign:
    for number in numbers:
        cast.confirmed(number)
    draft = cast.draft()
    Campaign.objects.filter(pk=draft.pk).update(**fields)
    return cast.started(Campaign.objects.get(pk=draft.pk), at)


def test_the_audience_is_cut_into_chunks_that_hold_every_waiting_row(monkeypatch):
    monkeypatch.setattr(audience, "CHUNK", 3)
    campaign = started()
    cut_audience(campaign_id=campaign.pk, at=AT)
    rows = set(Message.objects.filter(campaign=campaign).values_list("pk", flat=True))
    held = [
        rows & set(range(chunk.first_message_id, chunk.last_message_id + 1))
        for chunk in campaign.chunks.all()
    ]
    assert sorted(len(each) for each in held) == [1, 3, 3]
    assert set().union(*held) == rows
    campaign.refresh_from_db()
    assert campaign.audience_size == len(PEOPLE)
    assert not AudienceSlice.objects.exists()


@pytest.fixture
def slices(monkeypatch):
    """Of about two, and neighbours need not stay together."""
    monkeypatch.setattr(selection, "SLICE", 2)
    monkeypatch.setattr(selection, "BLOCK", 1)


def test_a_slice_after_the_other_writes_everybody_once(slices):
    campaign = started()
    select_audience(campaign, at=AT)
    parts = list(AudienceSlice.objects.order_by("position"))
    assert 1 < len(parts) <= 4
    assert cut_audience(campaign_id=campaign.pk, at=AT) == len(PEOPLE)
    written = Message.objects.filter(campaign=campaign).order_by("pk")
    assert [m.pk for m in written] == [id for part in parts for id in part.message_ids]
    for part in parts:
        meant = written.filter(pk__in=part.message_ids).values_list("subscriber", flat=True)
        assert sorted(meant) == sorted(part.subscriber_ids)


@pytest.mark.django_db(transaction=True)
def test_two_write_at_once_and_no_chunk_has_rows_of_another(slices):
    campaign = started(numbers=[f"+44770090{n:04d}" for n in range(40)])
    assert cut_audience(campaign_id=campaign.pk, at=AT) == 40
    bounds = list(campaign.chunks.values_list("first_message_id", "last_message_id"))
    assert len(bounds) > 10
    ends = [end for pair in sorted(bounds) for end in pair]
    assert ends == sorted(ends)
    campaign.refresh_from_db()
    assert campaign.audience_cut_at == AT
    assert campaign.messages.values("subscriber").distinct().count() == 40


def test_people_of_one_hour_are_in_slices_of_their_own(carrier):
    """Where it is morning first comes first."""
    campaign = started(at=NIGHT)
    abroad = cast.confirmed(PEOPLE[0])
    Subscriber.objects.filter(pk=abroad.pk).update(time_zone="America/New_York")
    select_audience(campaign, at=NIGHT)
    parts = list(AudienceSlice.objects.order_by("position"))
    assert [len(part.subscriber_ids) for part in parts] == [len(PEOPLE) - 1, 1]
    assert NIGHT < parts[0].send_after < parts[1].send_after
    assert parts[1].subscriber_ids == [abroad.pk]
    cut_audience(campaign_id=campaign.pk, at=NIGHT)
    for part in parts:
        waiting = campaign.messages.filter(subscriber__in=part.subscriber_ids)
        assert set(waiting.values_list("send_after", flat=True)) == {part.send_after}


def test_who_sleeps_is_not_asked_about_before_the_morning(carrier):
    """Nobody is claimed, put off and written in vain: the rows say from the start when."""
    campaign = started(at=NIGHT)
    cut_audience(campaign_id=campaign.pk, at=NIGHT)
    opens_at = next_due_at(campaign)
    assert opens_at is not None
    assert NIGHT + 4 * cast.HOUR < opens_at < NIGHT + 9 * cast.HOUR
    waiting = Message.objects.filter(campaign=campaign).values_list("objections__0__code")
    assert set(waiting) == {("outside_hours",)}
    assert not due_campaigns(NIGHT + cast.HOUR)
    assert take_turn(cast.sender(), marketing=True, at=NIGHT + cast.HOUR).claimed == 0
    assert take_turn(cast.sender(), marketing=True, at=opens_at).left == len(PEOPLE)


def test_the_gate_has_the_last_word_when_the_hours_changed_meanwhile(carrier):
    campaign = started(at=NIGHT)
    cut_audience(campaign_id=campaign.pk, at=NIGHT)
    opens_at = next_due_at(campaign)
    override_policy(
        actor=cast.staff("privacy officer", "Privacy officer"), jurisdiction="GB",
        kind="send_window", applies_to="marketing",
        value={"all": "15:00-16:00", "holiday": "as_day"},
        reason="Only in the afternoon.", at=NIGHT,
    )  # fmt: skip
    assert take_turn(cast.sender(), marketing=True, at=opens_at).left == 0
    objections = {m.objections[0]["code"] for m in Message.objects.filter(campaign=campaign)}
    assert objections == {"outside_hours"}
    assert next_due_at(campaign) > opens_at


def test_a_chunk_is_due_when_the_first_of_its_rows_is(carrier):
    campaign = started()
    cut_audience(campaign_id=campaign.pk, at=AT)
    late = Message.objects.filter(campaign=campaign).first().subscriber
    pause(subscriber=late, until=AT + 3 * cast.HOUR)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert next_due_at(campaign) == AT + 3 * cast.HOUR
    take_turn(cast.sender(), marketing=True, at=AT + 3 * cast.HOUR)
    assert next_due_at(campaign) is None
    assert finish_campaigns(at=AT + 4 * cast.HOUR) == 1


def test_a_text_that_was_put_back_is_found_again(carrier):
    carrier.switch(failure="throttle")
    campaign = started(numbers=PEOPLE[:1])
    cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    waiting = Message.objects.get(campaign=campaign, state=MessageState.QUEUED)
    assert next_due_at(campaign) == waiting.send_after


def test_rows_that_no_chunk_knows_of_are_looked_at_all_the_same():
    """Raw SQL can close a chunk; the campaign is not finished while somebody waits in it."""
    campaign = started()
    cut_audience(campaign_id=campaign.pk, at=AT)
    Chunk.objects.update(next_due_at=None)
    assert finish_campaigns(at=AT) == 0
    assert next_due_at(campaign) == AT


def test_cancelling_ends_the_written_and_forgets_who_was_only_selected(slices):
    campaign = started()
    select_audience(campaign, at=AT)
    campaign.refresh_from_db()
    written = audience._cut_slice(campaign, AT)
    assert 0 < written < len(PEOPLE)
    cancel_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    recover(at=AT)
    campaign.refresh_from_db()
    states = Message.objects.filter(campaign=campaign).values_list("state", flat=True)
    assert list(states) == [MessageState.CANCELLED] * written
    assert campaign.audience_size == written
    assert not AudienceSlice.objects.exists()
    assert next_due_at(campaign) is None


def test_a_turn_splits_its_room_by_weight(carrier):
    light, heavy = started(), started(weight=3)
    for campaign in (light, heavy):
        cut_audience(campaign_id=campaign.pk, at=AT)
    Sender.objects.update(parts_per_second="0.01", burst=4)
    sender = Sender.objects.get()
    assert weights(sender.pk, AT) == {light.pk: 1, heavy.pk: 3}
    assert take_turn(sender, marketing=True, at=AT).left == 4
    sent = Message.objects.filter(state=MessageState.ACCEPTED).values_list("campaign", flat=True)
    assert sorted(sent) == sorted([light.pk] + [heavy.pk] * 3)
