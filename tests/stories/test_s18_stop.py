"""S18: STOP is honored at once and for good; only START from the phone opens a new request."""

from __future__ import annotations

import pytest
from django.utils import timezone

from consent.models import Consent, Hold, Standing, Suppression, SuppressionSource
from consent.operations.holds import release_hold, revoke_undecided
from messaging.models import InboundMessage, Meaning, Message, MessageState
from subscribers.models import Subscriber
from tests import cast
from tests.stories.conftest import wait_until


@pytest.mark.parametrize("word", ["STOP", " stop. ", "Arrêt", "«СТОП»", "take me off your list"])
def test_a_stop_word_gets_one_answer_and_then_silence(town, word):
    town.join(cast.ALICE)
    town.join(cast.FRANK)
    alice = town.phone(cast.ALICE)
    alice.replies(word)
    alice.gets("no more texts from us")
    campaign = town.run(cast.draft())
    town.phone(cast.FRANK).gets("Friday")
    assert sum("no more texts" in text for text in alice.texts()) == 1
    assert not any("Friday" in text for text in alice.texts())
    withheld = Message.objects.get(campaign=campaign, state=MessageState.WITHHELD)
    assert [o["code"] for o in withheld.objections] == ["consent_missing", "suppressed"]


def test_no_form_and_no_code_page_can_cause_a_text_after_it(town):
    town.join(cast.ALICE)
    alice = town.phone(cast.ALICE)
    alice.replies("STOP")
    alice.gets("no more texts")
    before = Message.objects.count()
    known = town.sign_up(cast.ALICE)
    unknown = town.sign_up(cast.BOB)
    assert (known.status, known.text) == (unknown.status, unknown.text)
    visitor = town.visitor()
    page = visitor.get("/preferences/")
    visitor.send(page, page.forms[0], number=cast.ALICE)
    alice_id = Subscriber.objects.with_number(cast.ALICE).get().pk
    assert Message.objects.exclude(subscriber_id=alice_id).count() > 0
    assert Message.objects.filter(subscriber_id=alice_id).count() == before


def test_start_asks_again_and_only_yes_lets_texts_flow(town):
    town.join(cast.ALICE)
    alice = town.phone(cast.ALICE)
    alice.replies("STOP")
    alice.gets("no more texts")
    alice.replies("YES")
    wait_until(
        lambda: InboundMessage.objects.filter(meaning=Meaning.YES).count() == 2, "the useless YES"
    )
    assert Suppression.objects.filter(lifted_at=None).count() == 1
    asked = len(alice.texts())
    alice.replies("START")
    wait_until(lambda: len(alice.texts()) > asked, "a new confirmation text")
    assert "reply YES" in alice.texts()[-1]
    assert not Consent.objects.filter(status=Standing.CONFIRMED).exists()
    alice.replies("YES")
    wait_until(lambda: Consent.objects.filter(status=Standing.CONFIRMED).exists(), "her yes")
    town.run(cast.draft())
    alice.gets("Friday")


def test_a_text_that_may_mean_stop_holds_the_next_ones_until_somebody_read_it(town):
    """Two people write alike. The staff let one go on; of the other nobody decides in time."""
    for number in (cast.ALICE, cast.FRANK, cast.BOB):
        town.join(number)
    for number in (cast.ALICE, cast.FRANK):
        town.phone(number).replies("who is this?")
    waiting = Hold.objects.filter(released_at=None)
    wait_until(lambda: waiting.count() == 2, "the holds")
    campaign = cast.started(cast.draft(), timezone.now())
    town.phone(cast.BOB).gets("Friday")
    wait_until(lambda: held_back(campaign) == 2, "their texts to be put off")
    assert not any("Friday" in text for text in town.phone(cast.ALICE).texts())

    alices = waiting.get(subscriber=Subscriber.objects.with_number(cast.ALICE).get())
    officer = cast.staff("privacy officer", "Privacy officer")
    release_hold(actor=officer, hold=alices, reason="A question.", at=timezone.now())
    revoke_undecided(at=timezone.now() + cast.DAY)
    town.run(cast.draft())
    town.phone(cast.ALICE).gets("Friday")
    assert not any("Friday" in text for text in town.phone(cast.FRANK).texts())
    assert Suppression.objects.get(lifted_at=None).source == SuppressionSource.UNDECIDED


def held_back(campaign):
    tomorrow = timezone.now() + 23 * cast.HOUR
    waiting = Message.objects.filter(campaign=campaign, state=MessageState.QUEUED)
    return waiting.filter(send_after__gt=tomorrow).count()


def test_stop_works_while_every_worker_is_down(town):
    town.join(cast.ALICE)
    town.crew.kill_all()
    town.phone(cast.ALICE).replies("STOP")
    wait_until(lambda: Suppression.objects.filter(lifted_at=None).exists(), "the suppression")
    wait_until(lambda: cast.ALICE in town.acknowledged(), "the acknowledgement")


def test_a_stranger_who_says_stop_is_never_asked(town):
    stranger = town.phone(cast.STRANGER)
    stranger.replies("STOP")
    wait_until(lambda: Suppression.objects.exists(), "the suppression")
    town.sign_up(cast.STRANGER)
    town.join(cast.ALICE)
    assert stranger.texts() == []
    assert not Subscriber.objects.with_number(cast.STRANGER).exists()
