from __future__ import annotations

import pytest

from messaging.models import Message, MessageKind
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db

LATER = cast.NOON + 2 * cast.HOUR


def texts(words, at):
    text = InboundText(f"{words}-{at}", cast.FRANK, "+447700900900", words)
    receive_text(provider="simulator", text=text, at=at)


@pytest.fixture
def frank():
    """He stopped in the hour of noon, and nobody has asked for a text in the hour of LATER."""
    return cast.frank()


def asked_again(person):
    return Message.objects.filter(subscriber=person, kind=MessageKind.CONFIRMATION).count() == 2


def test_a_start_asks_again(frank):
    texts("START", LATER)
    assert asked_again(frank)


@pytest.mark.parametrize("cap", ["CONFIRMATIONS_PER_FORM_PER_HOUR", "CONFIRMATIONS_PER_HOUR"])
def test_not_beyond_the_caps_of_the_form_and_of_the_site(frank, settings, cap):
    setattr(settings, cap, 1)
    cast.asked(cast.BOB, at=LATER)
    texts("START", LATER)
    assert not asked_again(frank)
    texts("STOP", LATER + cast.HOUR)
    texts("START", LATER + cast.HOUR)
    assert asked_again(frank)


def test_a_start_counts_against_the_next_signup(frank, settings):
    settings.CONFIRMATIONS_PER_HOUR = 1
    texts("START", LATER)
    with pytest.raises(Subscriber.DoesNotExist):
        cast.asked(cast.BOB, at=LATER)


def test_a_phone_is_in_no_network_of_ours(frank, settings):
    settings.CONFIRMATIONS_PER_ADDRESS_PER_HOUR = 0
    texts("START", LATER)
    assert asked_again(frank)
