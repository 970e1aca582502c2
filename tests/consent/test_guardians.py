from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from consent.circumstances import Circumstances
from consent.freshness import starts_at
from consent.ledger import evidence
from consent.models import (
    ActorKind,
    Consent,
    ConsentEvent,
    EventKind,
    Guardianship,
    GuardianshipEnd,
    Purpose,
    Standing,
    SuppressionSource,
)
from consent.operations.ageing import look_after_consents
from consent.operations.erasure import erase_subscriber
from consent.operations.expiry import close_old_confirmations, record_expiries
from consent.operations.guardianship import Household, UnableToAskGuardian, ask_guardian
from consent.operations.number_change import NumberTaken, change_with_code, request_number_change
from consent.operations.signup import Request
from consent.operations.withdrawal import stop_all_texts, suppress_number
from messaging.models import Message, MessageKind
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from messaging.texts import text_of
from subscribers.models import AgeBand, Subscriber
from subscribers.privacy import copy_of_everything, whole_history
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.HOUR


def says(number: str, body: str, at=AT) -> None:
    text = InboundText(f"in-{body}-{number[-3:]}-{at}", number, "+447700900900", body)
    receive_text(provider="simulator", text=text, at=at)


def kinds(person: Subscriber) -> list[str]:
    return list(person.events.order_by("occurred_at", "pk").values_list("kind", flat=True))


def texts(kind: MessageKind) -> list[str]:
    return [text_of(each) for each in Message.objects.filter(kind=kind).order_by("pk")]


def standing(person: Subscriber, code: str = "news") -> str:
    return Consent.objects.get(subscriber=person, purpose__code=code).status


def holder() -> Subscriber:
    return Subscriber.objects.with_number(cast.GINA).get()


def test_the_guardian_is_asked_first_and_the_young_person_gets_nothing():
    cast.guardian_asked(cast.DORA, cast.GINA)
    [question] = texts(MessageKind.GUARDIAN)
    assert cast.ORGANIZATION in question
    assert "Opening hours and events (up to 4 texts in 30 days)" in question
    assert "ends in 07" in question
    assert "reply YES" in question
    assert "NO to refuse" in question
    assert cast.DORA not in question
    assert Message.objects.get().subscriber == holder()


def test_after_the_guardians_yes_the_young_person_is_asked():
    dora = cast.guardian_asked(cast.DORA, cast.GINA)
    says(cast.GINA, "YES")
    assert kinds(dora) == [EventKind.REQUESTED, EventKind.GUARDIAN_CONFIRMED]
    assert standing(dora) == Standing.REQUESTED
    [question] = texts(MessageKind.CONFIRMATION)
    assert "your guardian agreed" in question
    assert "code" not in question


def test_both_yes_make_a_consent_that_ends_with_the_band():
    dora = cast.dora()
    consent = Consent.objects.get(subscriber=dora)
    assert consent.status == Standing.CONFIRMED
    assert consent.expires_at == starts_at(cast.OF_AGE)
    assert (dora.age_band, dora.age_band_ends_date) == (AgeBand.MINOR, cast.OF_AGE)
    assert dora.is_under_age(AT)


def test_the_guardians_yes_is_on_record_by_a_reference_and_never_by_number():
    dora = cast.dora()
    yes = dora.events.get(kind=EventKind.GUARDIAN_CONFIRMED)
    reference = str(Guardianship.objects.get().reference)
    assert yes.actor_kind == ActorKind.GUARDIAN
    assert evidence(yes)["guardian"] == reference
    assert evidence(yes)["reply"] == "YES"
    assert evidence(dora.events.get(kind=EventKind.CONFIRMED))["guardian"] == reference
    assert not any(cast.GINA in str(evidence(event)) for event in ConsentEvent.objects.all())


def test_the_young_persons_yes_alone_is_nothing():
    dora = cast.guardian_asked(cast.DORA, cast.GINA)
    says(cast.DORA, "YES")
    assert standing(dora) == Standing.REQUESTED
    assert texts(MessageKind.CONFIRMATION) == texts(MessageKind.WELCOME) == []


def test_no_from_the_guardian_ends_it_for_everybody():
    dora = cast.guardian_asked(cast.DORA, cast.GINA)
    says(cast.GINA, "NO")
    assert kinds(dora) == [EventKind.REQUESTED, EventKind.DECLINED]
    assert dora.events.latest("occurred_at").actor_kind == ActorKind.GUARDIAN
    says(cast.GINA, "YES", AT + cast.MINUTE)
    assert Message.objects.count() == 1
    assert Guardianship.objects.get().ended_because == GuardianshipEnd.DECLINED


def test_a_yes_after_two_days_is_too_late():
    dora = cast.guardian_asked(cast.DORA, cast.GINA)
    late = cast.NOON + 49 * cast.HOUR
    close_old_confirmations(at=late)
    says(cast.GINA, "YES", late)
    assert standing(dora) == Standing.REQUESTED
    assert Guardianship.objects.get().ended_because == GuardianshipEnd.UNANSWERED


def test_a_stop_from_the_guardian_takes_back_what_rests_on_them():
    dora = cast.dora()
    says(cast.GINA, "STOP")
    assert standing(dora) == Standing.WITHDRAWN
    taken_back = dora.events.get(kind=EventKind.WITHDRAWN)
    assert taken_back.actor_kind == ActorKind.GUARDIAN
    assert evidence(taken_back)["reply"] == "STOP"
    assert Guardianship.objects.get().ended_because == GuardianshipEnd.STOPPED
    assert not Consent.objects.filter(subscriber=holder()).exists()


def test_a_stop_before_any_answer_is_a_no():
    dora = cast.guardian_asked(cast.DORA, cast.GINA)
    says(cast.GINA, "STOP")
    assert standing(dora) == Standing.DECLINED


def test_another_guardian_keeps_what_they_allowed():
    dora = cast.dora()
    cast.guardian_asked(cast.DORA, cast.ALICE, cast.news(), cast.offers(), at=AT)
    says(cast.ALICE, "YES", AT + cast.MINUTE)
    says(cast.GINA, "STOP", AT + cast.HOUR)
    assert standing(dora) == Standing.CONFIRMED


def test_a_lost_key_of_the_young_person_does_not_keep_the_guardian_from_ending_it():
    dora = cast.dora()
    dora.subject_key.delete()
    says(cast.GINA, "STOP")
    assert Guardianship.objects.get().ended_at == AT


def test_the_young_person_can_stop_alone_and_start_again():
    dora = cast.dora()
    says(cast.DORA, "STOP")
    assert standing(dora) == Standing.WITHDRAWN
    says(cast.DORA, "START", AT + cast.MINUTE)
    dora.confirmations.filter(text_left_at=None).update(text_left_at=AT + cast.MINUTE)
    says(cast.DORA, "YES", AT + cast.HOUR)
    assert standing(dora) == Standing.CONFIRMED


def test_start_leads_to_nothing_once_the_guardian_has_ended_it():
    dora = cast.dora()
    says(cast.GINA, "STOP")
    says(cast.DORA, "STOP", AT + cast.MINUTE)
    says(cast.DORA, "START", AT + cast.HOUR)
    assert dora.confirmations.filter(outcome="open").count() == 0


def test_start_from_the_guardian_asks_them_nothing_for_themselves():
    gina = cast.gina()
    says(cast.GINA, "STOP")
    says(cast.GINA, "START", AT + cast.MINUTE)
    assert not gina.confirmations.filter(outcome="open").exists()


def test_the_database_refuses_a_yes_of_someone_under_age_alone():
    dan = cast.dan()
    alice_yes = cast.alice().consents.get()
    row = Consent.objects.get(subscriber=dan)
    row.status = Standing.CONFIRMED
    for column in ("confirming_event", "notice_version", "promised_texts", "promised_days"):
        setattr(row, column, getattr(alice_yes, column))
    with pytest.raises(DatabaseError, match="nobody under age"), transaction.atomic():
        row.save()


def test_the_yes_of_someone_known_to_be_under_age_does_not_count():
    dan = cast.dan()
    says(cast.DAN, "YES")
    assert standing(dan) == Standing.REQUESTED


def test_whoever_is_known_to_be_under_age_cannot_say_they_are_not():
    dora = cast.dora()
    cast.asked(cast.DORA, cast.offers(), at=AT)
    assert not Consent.objects.filter(subscriber=dora, purpose=cast.offers()).exists()


def test_nobody_who_agreed_alone_is_made_a_child_by_a_stranger():
    alice = cast.alice()
    cast.guardian_asked(cast.ALICE, cast.GINA, at=AT)
    assert texts(MessageKind.GUARDIAN) == []
    assert not Guardianship.objects.filter(subscriber=alice).exists()


def test_someone_under_age_is_nobodys_guardian():
    cast.dora()
    cast.guardian_asked(cast.BOB, cast.DORA, at=AT)
    assert len(texts(MessageKind.GUARDIAN)) == 1


def test_nobody_is_their_own_guardian():
    with pytest.raises(Subscriber.DoesNotExist):
        cast.guardian_asked(cast.DORA, cast.DORA)
    dora = cast.dora()
    row = Guardianship.objects.get()
    with pytest.raises(IntegrityError, match="own_guardian"), transaction.atomic():
        Guardianship.objects.filter(pk=row.pk).update(holder=dora)


@pytest.mark.parametrize("silent", [cast.DORA, cast.GINA])
def test_a_number_that_said_stop_is_left_alone(silent):
    suppress_number(e164=silent, source=SuppressionSource.TEXT, at=cast.NOON)
    with pytest.raises(Subscriber.DoesNotExist):
        cast.guardian_asked(cast.DORA, cast.GINA)
    assert not Message.objects.exists()


def test_few_texts_go_to_one_guardian_however_many_ask():
    for number in (cast.DORA, cast.BOB, cast.CAROL):
        cast.guardian_asked(number, cast.GINA)
    assert len(texts(MessageKind.GUARDIAN)) == 1


def test_few_guardians_are_asked_for_one_young_person():
    guardians = [cast.GINA, cast.BOB, cast.CAROL, cast.ERIN, cast.FRANK]
    for hour, guardian in enumerate(guardians):
        cast.guardian_asked(cast.DORA, guardian, at=cast.NOON + hour * cast.HOUR)
    assert len(texts(MessageKind.GUARDIAN)) == 3
    assert Guardianship.objects.filter(ended_at=None).count() == 1


def test_sending_it_twice_asks_once():
    cast.guardian_asked(cast.DORA, cast.GINA)
    cast.guardian_asked(cast.DORA, cast.GINA)
    assert len(texts(MessageKind.GUARDIAN)) == 1


def test_the_caps_of_the_network_hold(settings):
    settings.CONFIRMATIONS_PER_ADDRESS_PER_HOUR = 0
    with pytest.raises(Subscriber.DoesNotExist):
        cast.guardian_asked(cast.DORA, cast.GINA)


def test_a_form_that_takes_no_minors_asks_no_guardian():
    version = cast.notice_version()
    request = Request(
        form=cast.signup_form(), version=version, purposes=list(version.purposes.all()),
        language="en", method="page",
    )  # fmt: skip
    household = Household(e164=cast.DORA, guardian_e164=cast.GINA, under_age_until=cast.OF_AGE)
    with pytest.raises(UnableToAskGuardian):
        ask_guardian(request=request, household=household, at=AT)


def come_of_age() -> Subscriber:
    dora = cast.dora()
    assert record_expiries(at=starts_at(cast.OF_AGE)) == 1
    dora.confirmations.filter(text_left_at=None).update(text_left_at=starts_at(cast.OF_AGE))
    dora.refresh_from_db()
    return dora


def test_at_that_age_it_lapses_and_they_are_asked_once_themselves():
    dora = come_of_age()
    assert EventKind.EXPIRED in kinds(dora)
    assert (dora.age_band, dora.age_band_ends_date) == (AgeBand.ADULT, None)
    [question] = texts(MessageKind.RECONFIRMATION)
    assert "old enough to decide by yourself" in question
    assert Guardianship.objects.get().ended_because == GuardianshipEnd.OF_AGE
    says(cast.DORA, "YES", starts_at(cast.OF_AGE) + cast.DAY)
    consent = Consent.objects.get(subscriber=dora)
    assert (consent.status, consent.expires_at) == (Standing.CONFIRMED, None)


def test_nobody_is_asked_again_before_that_age():
    cast.dora()
    assert look_after_consents(at=starts_at(cast.OF_AGE) - 5 * cast.DAY) == 0


def test_whoever_was_asked_already_is_not_asked_again_at_that_age():
    """A yes that would have lapsed a day earlier: nobody looked, or the question is a week old."""
    Purpose.objects.filter(pk=cast.news().pk).update(consent_valid_days=363)
    cast.dora()
    assert look_after_consents(at=starts_at(cast.OF_AGE) - 5 * cast.DAY) == 1
    record_expiries(at=starts_at(cast.OF_AGE) + cast.HOUR)
    assert len(texts(MessageKind.RECONFIRMATION)) == 1


def test_no_answer_at_that_age_means_no_texts_and_keeps_the_proof():
    dora = come_of_age()
    for days in (20, 40):
        close_old_confirmations(at=starts_at(cast.OF_AGE) + days * cast.DAY)
    dora.refresh_from_db()
    assert dora.erased_at is None
    assert standing(dora) == Standing.REQUESTED
    assert len(texts(MessageKind.RECONFIRMATION)) == 1


def test_an_earlier_month_does_not_make_anybody_older():
    dora = cast.dora()
    cast.guardian_asked(cast.DORA, cast.ALICE, cast.offers(), at=AT, until=date(2027, 1, 1))
    says(cast.ALICE, "YES", AT + cast.MINUTE)
    dora.confirmations.filter(text_left_at=None).update(text_left_at=AT)
    says(cast.DORA, "YES", AT + cast.HOUR)
    dora.refresh_from_db()
    assert dora.age_band_ends_date == cast.OF_AGE


def test_guardian_and_young_person_are_forgotten_when_nobody_answers():
    dora = cast.guardian_asked(cast.DORA, cast.GINA)
    for days in (3, 8):
        close_old_confirmations(at=cast.NOON + days * cast.DAY)
    dora.refresh_from_db()
    assert dora.erased_at is not None
    assert not Subscriber.objects.reachable().exists()


def test_a_guardian_is_kept_while_something_rests_on_them_and_no_longer():
    dora = cast.dora()
    close_old_confirmations(at=cast.NOON + 100 * cast.DAY)
    assert holder().erased_at is None
    stop_all_texts(subscriber=dora, source=SuppressionSource.PAGE, at=cast.NOON + 101 * cast.DAY)
    for days in (102, 110):
        close_old_confirmations(at=cast.NOON + days * cast.DAY)
    assert not Subscriber.objects.with_number(cast.GINA).exists()
    dora.refresh_from_db()
    assert dora.erased_at is None


def test_erasing_the_guardian_takes_back_what_rests_on_them():
    dora = cast.dora()
    erase_subscriber(subscriber=holder(), actor_kind=ActorKind.SUBSCRIBER, remember_no=False, at=AT)
    assert standing(dora) == Standing.WITHDRAWN
    assert Guardianship.objects.get().ended_because == GuardianshipEnd.ERASED


def test_erasing_the_young_person_leaves_no_month_and_lets_the_guardian_go():
    dora = cast.dora()
    erase_subscriber(subscriber=dora, actor_kind=ActorKind.SUBSCRIBER, remember_no=False, at=AT)
    row = Guardianship.objects.get()
    assert (row.band_ends_date, row.ended_because) == (None, GuardianshipEnd.ERASED)
    close_old_confirmations(at=cast.NOON + 10 * cast.DAY)
    assert not Subscriber.objects.reachable().exists()


def test_neither_learns_the_number_of_the_other_from_their_copy():
    dora = cast.dora()
    for person, other in ((dora, cast.GINA), (holder(), cast.DORA)):
        assert other not in str(copy_of_everything(person))
        assert other not in str(whole_history(person))
    assert copy_of_everything(holder())["consent"]["asked_as_a_guardian"][0]["agreed"]
    assert "A young person named you as their guardian" in str(whole_history(holder()))


def test_the_number_of_a_guardian_is_not_swallowed_by_another_person():
    cast.dora()
    alice = cast.alice()
    request_number_change(subscriber=alice, e164=cast.GINA, client_address="10.9.9.9", at=AT)
    [code] = [text.split("code ")[1][:6] for text in texts(MessageKind.NUMBER_CHANGE)]
    with pytest.raises(NumberTaken):
        change_with_code(subscriber=alice, code=code, circumstances=Circumstances(), at=AT)
