"""S23: quiet hours in the person's own time; dry run and explanation say so beforehand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from consent.models import PolicyOverride
from consent.operations.policy import end_override, override_policy
from messaging.models import Campaign, Message, MessageState
from subscribers.models import Subscriber
from subscribers.operations import change_settings
from tests import cast
from tests.stories.conftest import wait_until
from tests.stories.test_s30_staff import sign_in

NIGHT, DAY = 2, 13
HOURS = "It is a permitted hour in every place where the person may be."


def zone_where_it_is(hour: int, at: datetime) -> str:
    """A zone of whole hours in which the clock shows about this hour now."""
    ahead = (hour - at.hour + 11) % 24 - 11
    # Etc/GMT-5 is five hours ahead of Greenwich: POSIX counts the other way round.
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@pytest.fixture
def two_places(town) -> tuple[Subscriber, Subscriber]:
    """Alice where it is early afternoon, frank where everybody sleeps; texts from 8 to 20."""
    officer = cast.staff("privacy officer", "Privacy officer")
    end_override(
        actor=officer,
        override=PolicyOverride.objects.get(applies_to="marketing"),
        at=timezone.now(),
    )
    override_policy(
        actor=officer, jurisdiction="GB", kind="send_window",
        value={"all": "08:00-20:00", "holiday": "as_day"},
        reason="The story is told on any day of the week.", at=timezone.now(),
    )  # fmt: skip
    alice, frank = town.join(cast.ALICE), town.join(cast.FRANK)
    for person, hour in ((alice, DAY), (frank, NIGHT)):
        zone = zone_where_it_is(hour, timezone.now())
        change_settings(subscriber=person, language="en", time_zone=zone, region="")
    return alice, frank


def waiting_text(campaign: Campaign, person: Subscriber) -> Message | None:
    said = [{"code": "outside_hours"}]
    return Message.objects.filter(
        campaign=campaign, subscriber=person, objections__contains=said
    ).first()


def test_whoever_sleeps_gets_it_in_their_morning(town, two_places):
    _alice, frank = two_places
    campaign = cast.started(cast.draft(), timezone.now())
    town.phone(cast.ALICE).gets("Friday")
    wait_until(lambda: waiting_text(campaign, frank), "the text for who sleeps to be put off")
    waits = waiting_text(campaign, frank)
    frank.refresh_from_db()
    morning = waits.send_after.astimezone(ZoneInfo(frank.time_zone))
    assert waits.state == MessageState.QUEUED
    assert (morning.hour, morning.minute) == (8, 0)
    assert not any("Friday" in text for text in town.phone(cast.FRANK).texts())


def test_the_dry_run_said_so_before_anything_was_sent(town, two_places):
    campaign = cast.draft()
    cast.staff("someone", "Approver")
    visitor = sign_in(town, "someone")
    page = visitor.get(f"/admin/messaging/campaign/{campaign.pk}/dry-run/")
    assert "2 of 2 people" in page.text
    assert HOURS in page.text
    assert not Message.objects.filter(campaign=campaign).exists()


def test_every_rule_tells_staff_why_not_now(town, two_places):
    _alice, frank = two_places
    campaign = cast.draft()
    cast.staff("someone", "Approver")
    visitor = sign_in(town, "someone")
    person = f"/admin/subscribers/subscriber/{frank.public_id}/why/?campaign={campaign.pk}"
    page = visitor.get(person)
    assert "Not now. It could go on" in page.text
    assert HOURS in page.text
    assert frank.time_zone in page.text
