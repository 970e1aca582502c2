"""A yes ages: the person is asked in time, once, politely; no answer means no texts."""

from __future__ import annotations

import pytest
from django.utils import timezone

from consent.models import Consent, Purpose, Standing
from consent.tasks import look_after_consents, record_expiries
from messaging.models import Message, MessageKind
from subscribers.models import Subscriber
from tests import cast
from tests.stories.conftest import wait_until

ALMOST_A_YEAR = 355 * cast.DAY
OVER_A_YEAR = 366 * cast.DAY


@pytest.fixture
def lasts_a_year(town) -> None:
    Purpose.objects.filter(pk=cast.news().pk).update(consent_valid_days=365)


def standing_of(person: Subscriber) -> str:
    return Consent.objects.get(subscriber=person).status


def test_yes_keeps_it_for_another_year(town, lasts_a_year):
    alice = cast.confirmed(cast.ALICE, at=timezone.now() - ALMOST_A_YEAR)
    phone, texts_before = town.phone(cast.ALICE), len(town.phone(cast.ALICE).texts())
    look_after_consents.delay()
    question = phone.gets("Reply YES to keep it", after=texts_before)
    assert cast.ORGANIZATION in question
    assert "Opening hours and events" in question
    phone.replies("YES")
    phone.gets("you are signed up")
    consent = Consent.objects.get(subscriber=alice)
    assert consent.expires_at > timezone.now() + 364 * cast.DAY


def test_no_answer_ends_it_and_a_campaign_passes_them_by(town, lasts_a_year):
    cast.confirmed(cast.ALICE, at=timezone.now() - ALMOST_A_YEAR)
    bob = cast.confirmed(cast.BOB, at=timezone.now() - OVER_A_YEAR)
    record_expiries.delay()
    wait_until(lambda: standing_of(bob) == Standing.EXPIRED, "the lapse to be recorded")
    for _twice in range(2):
        look_after_consents.delay()
    town.phone(cast.ALICE).gets("Reply YES to keep it")
    town.run(cast.draft())
    town.phone(cast.ALICE).gets("Open late on Friday.")
    questions = Message.objects.filter(kind=MessageKind.RECONFIRMATION)
    assert questions.get().subscriber.consents.get().status == Standing.CONFIRMED
    assert not any("Friday" in text for text in town.phone(cast.BOB).texts())


def test_no_ends_it_at_once(town, lasts_a_year):
    alice = cast.confirmed(cast.ALICE, at=timezone.now() - ALMOST_A_YEAR)
    look_after_consents.delay()
    town.phone(cast.ALICE).gets("Reply YES to keep it")
    town.phone(cast.ALICE).replies("NO")
    wait_until(lambda: standing_of(alice) == Standing.WITHDRAWN, "the no to be heard")
    town.join(cast.BOB)
    town.run(cast.draft())
    assert not any("Friday" in text for text in town.phone(cast.ALICE).texts())
