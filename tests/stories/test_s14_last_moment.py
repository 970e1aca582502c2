"""S14: only with standing consent, checked at the last moment, enforced by the database too."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from consent.circumstances import Circumstances
from consent.models import Consent
from consent.operations.withdrawal import withdraw_consent
from messaging.models import Message, MessageState, Sender
from messaging.operations.audience import cut_audience
from tests import cast
from tests.stories.conftest import wait_until

PEOPLE = [f"+4477009003{n:02d}" for n in range(60)]


def test_a_withdrawal_after_the_campaign_was_queued_holds(town):
    """The sender is slow, so she is still waiting when she changes her mind."""
    cast.sender()
    alice = town.join(cast.ALICE)
    town.crew.kill_all()
    campaign = cast.started(cast.draft(), timezone.now())
    cut_audience(campaign_id=campaign.pk, at=timezone.now())
    withdraw_consent(
        subscriber=alice, purpose=cast.news(), circumstances=Circumstances(), at=timezone.now()
    )
    town.crew.begin()
    town.finished(campaign)
    assert len(town.phone(cast.ALICE).texts()) == 2
    assert Message.objects.get(campaign=campaign).state == MessageState.WITHHELD


def test_a_stop_races_a_running_campaign_and_nothing_follows_its_acknowledgement(town):
    """Everyone texts STOP while the campaign reaches them; the carrier's log is the judge.

    The sender is so slow that most still wait, and the carrier so slow to answer that those it
    has taken are still leaving when their STOP comes.
    """
    for number in PEOPLE:
        cast.confirmed(number, at=timezone.now() - cast.DAY)
    Sender.objects.update(parts_per_second=4, burst=1)
    town.carrier.switch(delay_ms=8000)
    campaign = cast.started(cast.draft(), timezone.now())
    caught = wait_until(lambda: reached(town), "a text to be taken by the carrier")
    number = next(iter(caught))
    everyone_stops(town, [number])
    everyone_stops(town, [other for other in PEOPLE if other != number])
    wait_until(lambda: set(PEOPLE) <= set(town.acknowledged()), "every STOP to be acknowledged")
    town.carrier.switch(delay_ms=0)
    # Nobody is left who may get one: the rest need not wait for the rate to hear so.
    Sender.objects.update(parts_per_second=1000, burst=100)
    town.finished(campaign)
    assert Consent.objects.filter(status="withdrawn").count() == len(PEOPLE)
    sent, acknowledged = reached(town), town.acknowledged()
    withheld = Message.objects.filter(campaign=campaign, state=MessageState.WITHHELD).count()
    assert withheld > 0
    assert len(sent) + withheld == len(PEOPLE)
    # Her STOP was acknowledged while the row still said that her text was leaving.
    assert sent[number] < acknowledged[number] < sent[number] + 8
    assert [number for number, at in sent.items() if at > acknowledged[number]] == []


def reached(town):
    """When the carrier took the campaign's text to each number, on its own clock."""
    return {e["number"]: e["monotonic"] for e in town.carrier.log() if "Friday" in e["text"]}


def everyone_stops(town, numbers):
    threads = [
        threading.Thread(target=town.phone(number).replies, args=("STOP",)) for number in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db
def test_the_database_refuses_a_text_whose_consent_is_gone():
    alice = cast.alice()
    campaign = cast.started(cast.draft(), cast.NOON)
    cut_audience(campaign_id=campaign.pk, at=cast.NOON + cast.HOUR)
    withdraw_consent(
        subscriber=alice, purpose=cast.news(), circumstances=Circumstances(), at=cast.NOON
    )
    with (
        pytest.raises(DatabaseError, match="no standing consent"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE messaging_message SET state = 'submitting', permitted_at = now()"
            " WHERE campaign_id = %s",
            [campaign.pk],
        )
