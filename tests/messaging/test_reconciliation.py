"""Texts with an unclear end, and a carrier that is asked about them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from consent.models import ActorKind
from consent.operations.erasure import erase_subscriber
from messaging.lanes.wire import wire
from messaging.models import Enquiry, Message, MessageState
from messaging.operations import reconciliation
from messaging.operations.audience import cut_audience
from messaging.operations.reconciliation import ask_about_unknown
from messaging.operations.recovery import recover
from messaging.providers.base import Found, provider
from messaging.providers.simulator import Simulator
from tests import cast
from tests.carrier import RunningCarrier
from tests.messaging.scripted_server import answer, scripted_server

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY
LATER = AT + 2 * cast.MINUTE


@pytest.fixture
def message() -> Message:
    """A campaign's text to alice that left at AT, with an end that nobody knows."""
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    campaign.messages.update(state="submitting", permitted_at=AT, attempts_made=1)
    recover(at=AT + cast.MINUTE)
    found = campaign.messages.get()
    assert found.state == MessageState.UNKNOWN
    return found


def ask_there(url: str, settings: Settings) -> int:
    """As a worker that ends afterwards: a server of the tests waits for its connections."""
    settings.CARRIER_URL = url
    settled = ask_about_unknown(at=LATER)
    wire().run(provider("simulator").close(), seconds=5)
    return settled


def taken_by(carrier: RunningCarrier, message: Message) -> str:
    status, said = carrier.submit(cast.ALICE, reference=message.reference)
    assert status == 201
    return str(said["id"])


def test_a_text_that_the_carrier_has_is_accepted(carrier: RunningCarrier, message: Message):
    taken_as = taken_by(carrier, message)
    assert ask_about_unknown(at=LATER) == 1
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == ("accepted", taken_as)
    assert (message.settled_at, message.error_code) == (LATER, "")
    assert ask_about_unknown(at=LATER + cast.DAY) == 0


def test_a_text_that_it_does_not_have_stays_in_doubt_until_the_end(
    carrier: RunningCarrier, message: Message
):
    assert ask_about_unknown(at=LATER) == 0
    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN
    recover(at=AT + 73 * cast.HOUR)
    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN_FINAL
    assert message.get_state_display() == "possibly sent"
    assert carrier.log() == []


def test_nobody_is_asked_within_the_first_minute(carrier: RunningCarrier, message: Message):
    taken_by(carrier, message)
    assert ask_about_unknown(at=AT + cast.MINUTE * 0.9) == 0
    assert not Enquiry.objects.exists()


def test_the_pauses_double_up_to_six_hours(carrier: RunningCarrier, message: Message):
    at, pauses = LATER, []
    for _ in range(12):
        ask_about_unknown(at=at)
        enquiry = Enquiry.objects.get()
        ask_about_unknown(at=enquiry.next_at - timedelta(seconds=1))
        assert Enquiry.objects.get() == enquiry
        pauses.append((enquiry.next_at - at) / cast.MINUTE)
        at = enquiry.next_at
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]
    assert Enquiry.objects.get().times == 12


def test_what_moved_meanwhile_is_left_alone(message: Message):
    Message.objects.filter(pk=message.pk).update(state="delivered", settled_at=LATER)
    found = {message.pk: Found("c-1")}
    assert reconciliation._settle(found, at=LATER + cast.MINUTE) == 0
    message.refresh_from_db()
    assert (message.state, message.settled_at) == ("delivered", LATER)


def test_of_someone_erased_meanwhile_no_id_is_kept(carrier: RunningCarrier, message: Message):
    taken_by(carrier, message)
    erase_subscriber(
        subscriber=message.subscriber, actor_kind=ActorKind.SUBSCRIBER, remember_no=True, at=LATER
    )
    assert ask_about_unknown(at=LATER) == 1
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == ("accepted", "")


@pytest.mark.parametrize("said", [answer(404, "{}"), answer(500), answer(200, '{"status": "eh"}')])
def test_an_answer_that_says_nothing_changes_nothing(
    said: bytes, message: Message, settings: Settings
):
    with scripted_server(said) as server:
        assert ask_there(server.url, settings) == 0
        [asked] = server.received
    assert message.reference in asked.decode()
    assert cast.ALICE[1:] not in asked.decode()
    assert Enquiry.objects.get().times == 1


def test_a_carrier_that_is_gone_harms_nothing(message: Message, settings: Settings):
    settings.CARRIER_URL = "http://127.0.0.1:1"
    assert ask_about_unknown(at=LATER) == 0


def test_only_providers_with_a_list_are_asked(message: Message, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Simulator, "can_be_asked", False)
    assert ask_about_unknown(at=LATER) == 0
    assert not Enquiry.objects.exists()


def test_a_slow_carrier_is_not_waited_for_all_day(
    message: Message, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reconciliation, "ASK_WITHIN_SECONDS", 0.2)
    with scripted_server(b"silence") as server:
        assert ask_there(server.url, settings) == 0
