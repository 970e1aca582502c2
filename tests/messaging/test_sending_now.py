"""The page that shows what leaves at this moment."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.queues import QUEUES
from messaging.admin.sending_now import sending_now_context
from messaging.models import Campaign, CampaignStatus, DailyUse, Message, Sender, SendingFreeze
from messaging.operations.audience import cut_audience
from messaging.operations.heartbeats import note_heartbeat
from messaging.watching.readings import note_turn
from messaging.watching.sparks import spark
from tests import cast
from tests.messaging.test_readings import gone  # noqa: F401

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY
SECOND = cast.MINUTE / 60
NOW = reverse("admin:messaging_sender_now")
FIGURES = reverse("admin:messaging_sender_now_figures")


@pytest.fixture
def campaign() -> Campaign:
    """Alice and dora wait for its text, frank said stop."""
    for person in (cast.alice, cast.dora, cast.frank):
        person()
    started = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=started.pk, at=AT)
    return started


@pytest.fixture
def viewer(client: Client) -> Client:
    client.force_login(cast.staff("viewer", "Viewer"))
    return client


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def all_alive(at=None) -> None:
    for queue in QUEUES:
        note_heartbeat(queue=queue, at=at or timezone.now())


def test_a_viewer_reads_it_and_the_first_page_leads_there(viewer: Client, campaign: Campaign):
    all_alive()
    assert f'href="{NOW}"' in read(viewer, reverse("admin:index"))
    page = read(viewer, NOW)
    assert "All workers are alive" in page
    assert "up to 1000 parts a second" in page
    assert "0 of 3 sent" in page.replace("<strong>", "").replace("</strong>", "")
    assert "The number has not told us to stop." in page


def test_who_may_not_see_campaigns_does_not_see_it(client: Client):
    client.force_login(cast.staff("nobody"))
    assert client.get(NOW).status_code == 403
    assert client.get(FIGURES).status_code == 403


def test_it_renews_itself_with_and_without_scripts_until_told_not_to(viewer: Client):
    page = read(viewer, NOW)
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    assert f'data-address="{FIGURES}"' in page
    assert "data-live" in read(viewer, FIGURES)
    still = read(viewer, NOW + "?still=1")
    assert "refresh" not in still
    assert "data-live" not in still


def test_it_names_what_is_not_well(viewer: Client, campaign: Campaign, monkeypatch):
    all_alive()
    note_heartbeat(queue="bulk", at=timezone.now() - cast.HOUR)
    campaign.messages.filter(state="queued").update(
        state="submitting", permitted_at=timezone.now() - cast.HOUR, attempts_made=1
    )
    page = " ".join(read(viewer, NOW).split())
    assert "No sign of life for a minute from the workers for: campaigns." in page
    assert "2 texts have been leaving for too long." in page
    assert "Something is not well." in read(viewer, reverse("admin:index"))


def test_a_lane_shows_its_rate_and_what_is_due(campaign: Campaign):
    at = AT + cast.MINUTE
    for age in range(1, 31):
        sender_id = campaign.sender_id
        note_turn(
            sender_id=sender_id, marketing=True, asked=4, left=2, parts=4, at=at - age * SECOND
        )
    [sender] = sending_now_context(at=at)["senders"]
    lane, system = sender.lanes
    assert (lane.reading.texts_per_second, lane.reading.parts_per_second) == (1, 2)
    assert len(lane.spark.bars) == 30
    assert (lane.traffic.due, lane.waited_seconds) == (2, 60)
    confirmations = Message.objects.filter(campaign=None, state="queued")
    assert (system.traffic.due, sum(system.reading.parts)) == (confirmations.count(), 0)


def test_the_end_is_told_by_the_rate_and_not_before_the_last_text_may_leave(campaign: Campaign):
    at = AT + cast.MINUTE
    assert sending_now_context(at=at)["campaigns"][0].done_at is None
    note_turn(
        sender_id=campaign.sender_id, marketing=True, asked=1, left=6, parts=6, at=at - SECOND
    )
    assert sending_now_context(at=at)["campaigns"][0].done_at == at + 20 * SECOND


def test_what_waits_is_told_by_the_hour(campaign: Campaign):
    _first, second = campaign.messages.filter(state="queued").order_by("pk")
    tomorrow = (AT + cast.DAY).replace(minute=30)
    Message.objects.filter(pk=second.pk).update(send_after=tomorrow)
    note_turn(sender_id=campaign.sender_id, marketing=True, asked=1, left=6, parts=6, at=AT)
    [now] = sending_now_context(at=AT + SECOND)["campaigns"]
    assert now.tally.due == 1
    assert now.hours == [(tomorrow.replace(minute=0), 1)]
    assert now.done_at == tomorrow
    [sender] = sending_now_context(at=AT + SECOND)["senders"]
    assert sender.lanes[0].traffic.next_at == tomorrow


def test_it_says_why_nothing_leaves(campaign: Campaign, gone: None):  # noqa: F811
    Sender.objects.update(is_active=False)
    all_alive(AT - cast.HOUR)
    SendingFreeze.objects.create(reason="test", since_at=AT, frozen_by=cast.approver())
    context = sending_now_context(at=AT)
    said = " ".join(map(str, context["senders"][0].standstills))
    for word in ("Not in use", "Redis", "stopped", "worker for campaigns", "people wait for"):
        assert word in said
    assert context["senders"][0].lanes[0].reading is None


def test_it_says_what_is_left_of_a_carriers_day_and_when_the_next_begins(
    viewer: Client, campaign: Campaign
):
    Sender.objects.update(parts_per_day=300, day_time_zone="America/Los_Angeles")
    use = DailyUse.objects.create(
        sender=cast.sender(), date=cast.sender().day_of(timezone.now()), parts=200
    )
    assert "100 of 300 parts left in the carrier's day" in read(viewer, FIGURES)
    assert "texts wait until" not in read(viewer, FIGURES)
    use.parts = 300
    use.save()
    said = r"The carrier took the 300 parts of its day: texts wait until .+, 0[78]:00 UTC\."
    assert re.search(said, read(viewer, FIGURES))


def test_without_redis_the_page_still_opens(viewer: Client, campaign: Campaign, gone: None):  # noqa: F811
    assert "The rate is not known." in read(viewer, NOW)


def test_a_count_rests_before_it_is_made_again(campaign: Campaign):
    before = sending_now_context(at=AT)["campaigns"][0].tally
    assert sending_now_context(at=AT + SECOND)["campaigns"][0].tally == before
    assert before.counted_at == AT


def test_only_campaigns_under_way_are_there(campaign: Campaign):
    Campaign.objects.update(status=CampaignStatus.PAUSED)
    assert len(sending_now_context(at=AT)["campaigns"]) == 1
    Campaign.objects.update(status=CampaignStatus.FINISHED)
    assert sending_now_context(at=AT)["campaigns"] == []


def test_a_spark_has_a_bar_for_each_second_with_something():
    drawn = spark([0, 2, 4], full=4)
    assert drawn.bars == [(200, 30, 160, 30), (400, 0, 160, 60)]
    assert (drawn.full_y, drawn.most, drawn.mean) == (0, 4, 2)
    assert spark([1], full=1000).full_y is None
    assert spark([0, 0], full=1).bars == []
