from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging import dry_run as module
from messaging.dry_run import TOO_LATE, dry_run
from messaging.models import Campaign, Message
from subscribers.models import Attribute, Subscriber
from subscribers.operations import change_settings
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY


@pytest.fixture
def campaign() -> Campaign:
    """For alice in London, carol who withdrew, and someone in Auckland."""
    cast.alice()
    far = cast.confirmed("+447700900011")
    change_settings(subscriber=far, language="en", time_zone="Pacific/Auckland")
    cast.carol()
    return cast.draft()


def test_it_asks_the_gate_on_a_clock_of_its_own(campaign):
    done = dry_run(campaign, at=AT)
    assert (done.audience, done.looked_at, done.goes) == (3, 3, 2)
    assert done.reasons == {"consent_missing": 1}
    assert done.waits == {"outside_hours": 1}
    auckland = done.groups["Pacific/Auckland"]
    [london] = [each for zones, each in done.groups.items() if "Europe/London" in zones]
    assert london.last_at is not None
    assert london.last_at - AT < timedelta(minutes=1)
    assert auckland.first_at is not None
    assert timedelta(hours=1) < auckland.first_at - AT < timedelta(hours=24)


def test_nothing_is_written(campaign):
    before = Message.objects.count()
    dry_run(campaign, at=AT)
    assert Message.objects.count() == before
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_a_text_that_would_come_too_late_does_not_go(campaign):
    campaign.useful_hours = 1
    done = dry_run(campaign, at=AT)
    assert done.goes == 1
    assert done.reasons == {"consent_missing": 1, "outside_hours": 1}


def test_a_slow_sender_spreads_the_texts_and_loses_those_at_the_end(campaign):
    people = [cast.confirmed(f"+447700900{n}") for n in range(120, 124)]
    campaign.sender.parts_per_second = 1 / 1800
    campaign.useful_hours = 1
    done = dry_run(campaign, at=AT)
    assert done.last_at is not None
    assert done.goes == 2 < len(people)
    assert done.last_at - AT == timedelta(minutes=30)
    assert done.reasons[TOO_LATE] == 3


def test_each_person_takes_the_parts_of_their_own_text(campaign):
    Attribute.objects.create(code="first_name", label="First name", kind="text", reason="to greet")
    Subscriber.objects.with_number(cast.ALICE).update(attributes={"first_name": "Łucja"})
    campaign.texts.update(body="Hello {first_name|friend}. " + "a" * 60)
    people, _size = module._people(campaign, AT)
    assert sorted(person.parts for person in people) == [1, 1, 2]


def test_words_that_cannot_be_read_are_no_crash(campaign):
    campaign.texts.update(body="Hello {first_name}")
    assert dry_run(campaign, at=AT).audience == 3


def test_of_many_people_a_sample_is_asked_and_scaled_up(campaign, monkeypatch):
    for n in range(130, 150):
        cast.confirmed(f"+447700900{n}")
    monkeypatch.setattr(module, "MOST_PEOPLE", 6)
    done = dry_run(campaign, at=AT)
    assert done.is_sample
    assert 0 < done.looked_at <= 6
    assert done.looked_at * done.scale == pytest.approx(done.audience)


def test_an_empty_audience_is_no_error():
    done = dry_run(cast.draft(), at=AT)
    assert (done.audience, done.goes, done.scale) == (0, 0, 1.0)


def page(client: Client, campaign: Campaign, **asked: str) -> str:
    client.force_login(cast.author())
    answer = client.get(reverse("admin:messaging_campaign_dry_run", args=[campaign.pk]), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_who_and_when_and_why_not(client: Client, campaign):
    shown = page(client, campaign)
    assert "of 3 people" in shown
    assert "The person confirmed this purpose and has not withdrawn it." in shown
    assert "Pacific/Auckland" in shown


@pytest.mark.parametrize("start", ["yesterday", "1999-01-01T00:00", "2999-01-01T00:00"])
def test_a_start_that_makes_no_sense_is_said(client: Client, campaign, start):
    shown = page(client, campaign, start=start)
    assert "errorlist" in shown
    assert "of 3 people" not in shown


def test_a_start_at_night_waits_for_the_morning(client: Client, campaign):
    tonight = (timezone.now() + timedelta(days=1)).replace(hour=3, minute=0)
    shown = page(client, campaign, start=tonight.strftime("%Y-%m-%dT%H:%M"))
    assert "It is a permitted hour in every place where the person may be." in shown


def test_what_a_carriers_day_has_no_room_for_leaves_the_next_day():
    cast.any_hour()
    for number in range(4):
        cast.confirmed(f"+4477009002{number:02d}")
    campaign = cast.draft()
    campaign.sender.parts_per_day = 3
    done = dry_run(campaign, at=AT)
    assert done.goes == 4
    assert done.last_at == campaign.sender.day_ends_at(AT)
