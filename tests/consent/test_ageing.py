from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from consent.circumstances import Circumstances
from consent.ledger import evidence
from consent.models import (
    Confirmation,
    ConfirmationPurpose,
    Consent,
    ConsentEvent,
    EventKind,
    Hold,
    Purpose,
    Standing,
    SuppressionSource,
)
from consent.models.confirmations import Outcome
from consent.operations.ageing import look_after_consents, note_act
from consent.operations.expiry import close_old_confirmations, record_expiries
from consent.operations.withdrawal import stop_all_texts, withdraw_consent
from messaging.models import Message, MessageKind
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from messaging.texts import text_of
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db
PARIS = "+33639980012"
YEAR = 365 * cast.DAY
# The yes of `lasting` ends a year after it.
SOON = cast.NOON + YEAR - 20 * cast.DAY
END = cast.NOON + YEAR + cast.MINUTE


@pytest.fixture
def lasting() -> Subscriber:
    """Alice, whose yes to the news lasts a year."""
    Purpose.objects.filter(pk=cast.news().pk).update(consent_valid_days=365)
    return cast.alice()


def questions() -> list[Message]:
    return list(Message.objects.filter(kind=MessageKind.RECONFIRMATION).order_by("pk"))


def look(at) -> int:
    asked = look_after_consents(at=at)
    # The confirm worker lets the texts go.
    Confirmation.objects.filter(kind="reconfirm", text_left_at=None).update(text_left_at=at)
    return asked


def says(number: str, body: str, at) -> None:
    text = InboundText(f"in-{body}-{at.isoformat()}", number, "+447700900900", body)
    receive_text(provider="simulator", text=text, at=at)


def standing(person: Subscriber, code: str = "news") -> str:
    return Consent.objects.get(subscriber=person, purpose__code=code).status


def test_it_asks_once_in_time_and_says_what_no_answer_means(lasting):
    assert look(cast.NOON + YEAR - 31 * cast.DAY) == 0
    assert look(SOON) == 1
    assert look(SOON + cast.DAY) == look(SOON + 8 * cast.DAY) == 0
    [question] = questions()
    words = text_of(question)
    assert cast.ORGANIZATION in words
    assert "Opening hours and events (up to 4 texts in 30 days)" in words
    assert "2 November 2027" in words
    assert "reply NO, or nothing" in words


def test_yes_renews_it_for_as_long_again(lasting):
    look(SOON)
    says(cast.ALICE, "YES", SOON + cast.HOUR)
    consent = Consent.objects.get(subscriber=lasting)
    assert consent.confirming_event.kind == EventKind.RECONFIRMED
    assert consent.expires_at == SOON + cast.HOUR + YEAR
    assert record_expiries(at=END) == 0
    assert look(SOON + YEAR - 10 * cast.DAY) == 1


def test_no_takes_it_back(lasting):
    look(SOON)
    says(cast.ALICE, "NO", SOON + cast.HOUR)
    assert standing(lasting) == Standing.WITHDRAWN
    assert look(END) == 0


def test_no_answer_lets_it_lapse_and_nothing_more_comes(lasting):
    look(SOON)
    close_old_confirmations(at=END)
    record_expiries(at=END)
    assert standing(lasting) == Standing.EXPIRED
    says(cast.ALICE, "YES", END + cast.MINUTE)
    assert standing(lasting) == Standing.EXPIRED
    assert look(END + 30 * cast.DAY) == 0
    assert len(questions()) == 1


def test_the_question_is_on_record_and_names_the_yes(lasting):
    yes = Consent.objects.get(subscriber=lasting).confirming_event
    look(SOON)
    event = lasting.events.filter(kind=EventKind.REQUESTED).latest("occurred_at")
    assert event.what == "asked whether the yes still stands"
    assert evidence(event)["renews"] == str(yes.pk)
    assert evidence(event)["confirmation_text"] == text_of(questions()[0])


def test_the_database_refuses_a_second_question_about_one_yes(lasting):
    look(SOON)
    line = ConfirmationPurpose.objects.exclude(renews=None).get()
    line.pk = None
    with pytest.raises(IntegrityError, match="asked_again_once"), transaction.atomic():
        line.save(force_insert=True)


def test_one_text_asks_about_everything_that_ends(lasting):
    Purpose.objects.filter(code="offers").update(consent_valid_days=370)
    cast.confirmed(cast.ALICE, cast.offers(), at=cast.NOON + cast.HOUR)
    look(SOON)
    [question] = questions()
    assert "Opening hours" in text_of(question)
    assert "Offers of the library shop" in text_of(question)
    says(cast.ALICE, "YES", SOON + cast.HOUR)
    assert standing(lasting) == standing(lasting, "offers") == Standing.CONFIRMED
    assert lasting.events.filter(kind=EventKind.RECONFIRMED).count() == 2


def test_a_purpose_taken_back_meanwhile_stays_taken_back(lasting):
    Purpose.objects.filter(code="offers").update(consent_valid_days=370)
    cast.confirmed(cast.ALICE, cast.offers(), at=cast.NOON + cast.HOUR)
    look(SOON)
    withdraw_consent(
        subscriber=lasting, purpose=cast.offers(), circumstances=Circumstances(), at=SOON
    )
    says(cast.ALICE, "YES", SOON + cast.HOUR)
    assert standing(lasting) == Standing.CONFIRMED
    assert standing(lasting, "offers") == Standing.WITHDRAWN


def test_taking_the_only_one_back_closes_the_question(lasting):
    look(SOON)
    withdraw_consent(
        subscriber=lasting, purpose=cast.news(), circumstances=Circumstances(), at=SOON
    )
    assert lasting.confirmations.latest("pk").outcome == Outcome.WITHDRAWN


def test_a_short_yes_is_not_asked_about_at_once():
    Purpose.objects.filter(pk=cast.news().pk).update(consent_valid_days=9)
    cast.alice()
    assert look(cast.NOON + 5 * cast.DAY) == 0
    assert look(cast.NOON + 7 * cast.DAY) == 1


@pytest.mark.parametrize("reason", ["stopped", "held", "restricted", "gone", "already asked"])
def test_whoever_cannot_be_texted_is_not_asked(lasting, reason):
    if reason == "stopped":
        stop_all_texts(subscriber=lasting, source=SuppressionSource.TEXT, at=SOON)
    elif reason == "restricted":
        Subscriber.objects.update(restricted_at=SOON)
    elif reason == "gone":
        Subscriber.objects.update(number_gone_at=SOON)
    elif reason == "held":
        due = SOON + 60 * cast.DAY
        Hold.objects.create(subscriber=lasting, reason="unclear", since_at=SOON, due_at=due)
    else:
        cast.asked(cast.ALICE, cast.offers(), at=SOON)
    assert look(SOON) == 0
    assert questions() == []


def test_the_question_comes_later_when_the_hold_ends(lasting):
    due = SOON + 60 * cast.DAY
    hold = Hold.objects.create(subscriber=lasting, reason="unclear", since_at=SOON, due_at=due)
    look(SOON)
    hold.released_at = SOON
    hold.save()
    assert look(SOON + cast.DAY) == 1


def test_no_code_on_any_page_answers_it(lasting):
    look(SOON)
    assert bytes(lasting.confirmations.latest("pk").code_hash) == b""


def test_a_yes_from_france_fades_and_says_why():
    claire = cast.confirmed(PARIS)
    faded = cast.NOON + 1100 * cast.DAY
    look(faded)
    assert standing(claire) == Standing.EXPIRED
    event = claire.events.get(kind=EventKind.EXPIRED)
    assert evidence(event)["method"] == "nothing was heard for too long"
    assert evidence(event)["last_heard_from"] == (cast.NOON + cast.MINUTE).isoformat()


def test_a_text_from_the_person_keeps_it_alive():
    claire = cast.confirmed(PARIS)
    says(PARIS, "When do you open?", cast.NOON + 1000 * cast.DAY)
    look(cast.NOON + 1100 * cast.DAY)
    assert standing(claire) == Standing.CONFIRMED
    assert questions() == []


def test_an_act_does_not_wake_what_has_faded_already():
    claire = cast.confirmed(PARIS)
    note_act(subscriber=claire, at=cast.NOON + 1100 * cast.DAY)
    assert standing(claire) == Standing.EXPIRED


def test_a_yes_about_to_fade_is_asked_about_as_well():
    cast.confirmed(PARIS)
    assert look(cast.NOON + 1080 * cast.DAY) == 1
    says(PARIS, "YES", cast.NOON + 1081 * cast.DAY)
    look(cast.NOON + 1110 * cast.DAY)
    assert standing(Subscriber.objects.get()) == Standing.CONFIRMED


def test_a_form_that_a_stranger_may_have_filled_in_is_no_act():
    claire = cast.confirmed(PARIS)
    cast.asked(PARIS, cast.offers(), at=cast.NOON + 50 * cast.DAY)
    claire.refresh_from_db()
    assert claire.last_acted_at == cast.NOON + cast.MINUTE


def test_acts_never_move_back():
    alice = cast.alice()
    note_act(subscriber=alice, at=cast.NOON - cast.DAY)
    alice.refresh_from_db()
    assert alice.last_acted_at == cast.NOON + cast.MINUTE


def test_korea_asks_again_after_two_years():
    minji = cast.confirmed("+821012345678")
    assert Consent.objects.get(subscriber=minji).expires_at == cast.NOON + cast.MINUTE + timedelta(
        days=730
    )


def test_one_unreadable_consent_does_not_keep_the_others(lasting, settings):
    other = cast.confirmed(cast.BOB)
    other.subject_key.delete()
    cast.confirmed(cast.CAROL)
    assert look(SOON) == 2
    assert Consent.objects.get(subscriber=other).look_again_at == SOON + cast.DAY


def test_a_lost_key_keeps_nobody_from_being_heard(lasting, settings):
    settings.MASTER_KEYS = "other:" + base64.b64encode(b"x" * 32).decode()
    says(cast.ALICE, "When do you open?", END + cast.DAY)
    assert not ConsentEvent.objects.filter(kind=EventKind.EXPIRED).exists()


def test_rows_at_rest_are_left_alone(lasting, django_assert_num_queries):
    look(cast.NOON + cast.DAY)
    with django_assert_num_queries(1):
        look_after_consents(at=cast.NOON + 2 * cast.DAY)
