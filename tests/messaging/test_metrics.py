from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.queues import QUEUES
from messaging.models import (
    CampaignStatus,
    InboundMessage,
    MessageState,
    Receipt,
    SendingFreeze,
)
from messaging.operations.audience import cut_audience
from messaging.operations.heartbeats import note_heartbeat
from messaging.watching import metrics as module
from messaging.watching.readings import note_turn
from tests import cast
from tests.messaging.test_readings import gone  # noqa: F401

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY
TOKEN = {"Authorization": "Bearer secret-of-the-monitor"}


def figures(at=AT) -> dict[str, float]:
    """Every sample by its name and labels, as a monitor would read them."""
    return {
        metric.name + "".join(f" {name}={word}" for name, word in labels.items()): value
        for metric in module.metrics(at=at)
        for labels, value in metric.samples
    }


@pytest.fixture
def campaign():
    """Alice and dora wait for its text, frank said stop."""
    for person in (cast.alice, cast.dora, cast.frank):
        person()
    started = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=started.pk, at=AT)
    return started


def test_there_is_no_such_page_without_a_token_in_the_settings(client: Client, settings: Settings):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers=TOKEN).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_only_the_token_opens_it(client: Client, settings: Settings):
    settings.METRICS_TOKEN = "secret-of-the-monitor"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é"}):
        answer = client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.content) == (401, b"")
    assert client.post("/metrics", headers=TOKEN).status_code == 405
    answer = client.get("/metrics", headers=TOKEN)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_it_says_nothing_about_anybody(client: Client, settings: Settings, campaign):
    settings.METRICS_TOKEN = "secret-of-the-monitor"
    said = client.get("/metrics", headers=TOKEN).content.decode()
    assert 'kind="marketing",state="queued"} 2' in said
    assert "Library" not in said
    assert not re.search(r"7700\s?900|\+44", said)


def test_texts_are_counted_by_sender_kind_and_state(campaign):
    said = figures()
    about = f" sender={campaign.sender_id} kind=marketing state="
    assert said[f"yeslist_texts{about}queued"] == 2
    assert said[f"yeslist_texts{about}withheld"] == 1
    assert said["yeslist_sampled_share"] == 1
    assert said["yeslist_objections rule=suppressed"] == 1
    assert said[f"yeslist_texts_due sender={campaign.sender_id} lane=campaigns"] == 2
    assert said["yeslist_campaigns status=running"] == 1


def test_a_large_table_is_read_in_part(campaign, monkeypatch: pytest.MonkeyPatch):
    """A tenth of a page out of one: the share is told, whatever the sample happens to hold."""
    monkeypatch.setattr(module, "SAMPLED_PAGES", 0.1)
    assert figures()["yeslist_sampled_share"] <= 0.1


def test_what_waits_too_long_shows(campaign):
    later = AT + cast.HOUR
    lane = f"sender={campaign.sender_id} lane=campaigns"
    assert figures(later)[f"yeslist_oldest_due_seconds {lane}"] == 3600
    campaign.messages.filter(state="queued").update(send_after=later + cast.MINUTE)
    assert figures(later)[f"yeslist_oldest_due_seconds {lane}"] == 0
    assert figures(later)[f"yeslist_texts_due {lane}"] == 0


def test_a_paused_campaign_has_nothing_due(campaign):
    campaign.status = CampaignStatus.PAUSED
    campaign.save()
    assert figures()[f"yeslist_texts_due sender={campaign.sender_id} lane=campaigns"] == 0


def test_doubts_and_loose_ends_show(campaign):
    campaign.messages.filter(state="queued").update(
        state=MessageState.SUBMITTING, permitted_at=AT, attempts_made=1
    )
    said = figures(AT + cast.HOUR)
    assert said[f"yeslist_texts_unsettled sender={campaign.sender_id} state=submitting"] == 2
    assert said["yeslist_loose_ends kind=lost"] == 2


def test_the_rate_reached_stands_beside_the_rate_allowed():
    sender = cast.sender()
    note_turn(sender_id=sender.pk, marketing=True, asked=9, left=6, parts=12, at=AT)
    said = figures(AT + cast.MINUTE / 2)
    lane = f"sender={sender.pk} lane=campaigns"
    assert said[f"yeslist_sender_parts_per_second sender={sender.pk}"] == 1000
    assert said[f"yeslist_texts_per_second {lane}"] == pytest.approx(0.1)
    assert said[f"yeslist_parts_left_total {lane}"] == 12
    assert said["yeslist_limiter_available"] == 1


def test_without_redis_everything_else_is_still_told(campaign, gone):  # noqa: F811
    said = figures()
    assert said["yeslist_limiter_available"] == 0
    assert not [name for name in said if "_total" in name or "texts_per_second" in name]
    assert said[f"yeslist_texts_due sender={campaign.sender_id} lane=campaigns"] == 2


def test_workers_the_freeze_and_the_ledger_are_told():
    note_heartbeat(queue="bulk", at=AT - cast.MINUTE)
    cast.alice()
    freeze = {"reason": "test", "since_at": AT, "frozen_by": cast.approver()}
    SendingFreeze.objects.create(**freeze)
    said = figures()
    assert said["yeslist_heartbeat_age_seconds queue=bulk"] == 60
    assert said["yeslist_heartbeat_age_seconds queue=confirm"] == float("inf")
    assert said["yeslist_beat_age_seconds"] == 60
    assert len([name for name in said if "heartbeat" in name]) == len(QUEUES)
    assert said["yeslist_frozen"] == 1
    assert said["yeslist_ledger_unsealed"] == 2
    assert said["yeslist_ledger_unsealed_age_seconds"] >= 0


def test_what_came_in_is_told():
    now = timezone.now()
    for number, meaning in enumerate(["stop", "stop", "other"]):
        InboundMessage.objects.create(
            provider="simulator", provider_message_id=number, meaning=meaning, received_at=now
        )
    old = {"provider": "simulator", "meaning": "help", "received_at": now - 2 * cast.HOUR}
    InboundMessage.objects.create(provider_message_id="old", **old)
    for state in ("delivered", "delivered", "delivered", "undelivered"):
        Receipt.objects.create(provider="simulator", reference="1.x", state=state, received_at=now)
    Receipt.objects.update(applied_at=now)
    Receipt.objects.create(
        provider="simulator", reference="1.x", state="delivered", received_at=now
    )
    said = figures(now)
    assert said["yeslist_inbound_last_hour meaning=stop"] == 2
    assert "yeslist_inbound_last_hour meaning=help" not in said
    assert said["yeslist_receipts_share provider=simulator state=delivered"] == 0.8
    assert said["yeslist_receipts_waiting"] == 1


def test_a_figure_that_takes_too_long_is_given_up():
    module.metrics(at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("2s",)
