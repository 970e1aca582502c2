from __future__ import annotations

import threading

import pytest
from django.db import connection

from consent.models import Confirmation, SpentCap
from messaging.models import Message
from subscribers.models import Subscriber
from tests import cast


@pytest.mark.django_db
def test_one_number_gets_three_a_day_however_often_it_is_asked_for():
    for hour in range(8):
        cast.asked(cast.BOB, at=cast.NOON + hour * cast.HOUR)
    assert Message.objects.count() == 3
    cast.asked(cast.BOB, at=cast.NOON + 25 * cast.HOUR)
    assert Message.objects.count() == 4


@pytest.mark.django_db
def test_within_the_cooldown_nothing_is_sent_and_the_open_request_stays():
    bob = cast.bob()
    first = Confirmation.objects.get(subscriber=bob)
    cast.asked(cast.BOB, cast.offers(), at=cast.NOON + 59 * cast.MINUTE / 60)
    assert Confirmation.objects.get(subscriber=bob, outcome="open") == first
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_asking_again_later_supersedes_what_was_open():
    bob = cast.bob()
    cast.asked(cast.BOB, cast.offers(), at=cast.NOON + 2 * cast.MINUTE)
    outcomes = Confirmation.objects.filter(subscriber=bob).order_by("pk")
    assert list(outcomes.values_list("outcome", flat=True)) == ["superseded", "open"]


@pytest.mark.parametrize(
    ("setting", "limit"),
    [
        ("CONFIRMATIONS_PER_FORM_PER_HOUR", 5),
        ("CONFIRMATIONS_PER_HOUR", 5),
    ],
)
@pytest.mark.django_db
def test_a_flood_over_many_numbers_ends_at_the_cap(settings, setting, limit):
    setattr(settings, setting, limit)
    for n in range(12):
        try_to_ask(f"+4477009006{n:02d}")
    assert Message.objects.count() == limit
    assert Subscriber.objects.count() == limit
    try_to_ask("+447700900650", at=cast.NOON + cast.HOUR)
    assert Message.objects.count() == limit + 1


@pytest.mark.django_db
def test_one_address_block_has_a_cap_of_its_own(settings, monkeypatch):
    settings.CONFIRMATIONS_PER_ADDRESS_PER_HOUR = 2
    monkeypatch.setattr(cast, "_address_of", lambda e164: f"198.51.100.{e164[-2:].lstrip('0')}")
    for n in range(11, 17):
        try_to_ask(f"+4477009006{n:02d}")
    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_racing_requests_cannot_pass_a_cap_together(settings):
    settings.CONFIRMATIONS_PER_HOUR = 5
    cast.signup_form()
    cast.sender()
    threads = [
        threading.Thread(target=ask_and_close, args=(f"+4477009007{n:02d}",)) for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Message.objects.count() == 5
    assert SpentCap.objects.get(scope="site").spent == 5


def ask_and_close(e164: str) -> None:
    try:
        try_to_ask(e164)
    finally:
        connection.close()


def try_to_ask(e164: str, at=cast.NOON) -> None:
    """As `cast.asked`, for someone who may be refused and so stays unknown."""
    try:
        cast.asked(e164, at=at)
    except Subscriber.DoesNotExist:
        return
