from __future__ import annotations

import re
import threading

import pytest
from django.db import connections
from django.utils import timezone

from consent.circumstances import Circumstances
from consent.codes import find_link, make_link
from consent.ledger import evidence
from consent.models import Consent, EventKind, NumberChange, Standing, SuppressionSource
from consent.models.confirmations import LinkScope
from consent.operations.number_change import (
    NumberTaken,
    UnableToChange,
    change_with_code,
    request_number_change,
)
from consent.operations.withdrawal import stop_all_texts, suppress_number
from messaging.models import Message, MessageKind
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from messaging.texts import text_of
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db
NEW = cast.STRANGER
AT = cast.NOON + cast.HOUR


def ask(subscriber: Subscriber, number: str = NEW, at=AT) -> None:
    request_number_change(subscriber=subscriber, e164=number, client_address="10.9.9.9", at=at)


def texts_to_new() -> list[Message]:
    return list(Message.objects.filter(kind=MessageKind.NUMBER_CHANGE).order_by("pk"))


def code() -> str:
    found = re.search(r"code (\d{6})", text_of(texts_to_new()[-1]))
    assert found
    return found[1]


def answer(subscriber: Subscriber, typed: str, at=AT + cast.MINUTE) -> None:
    change_with_code(subscriber=subscriber, code=typed, circumstances=Circumstances(), at=at)


def reply(number: str, body: str, name: str = "in-1", at=AT + cast.MINUTE) -> None:
    text = InboundText(
        provider_message_id=name, from_number=number, to_address="+447700900900", body=body
    )
    receive_text(provider="simulator", text=text, at=at)


def assert_moved(alice: Subscriber) -> None:
    assert Subscriber.objects.with_number(NEW).get() == alice
    assert not Subscriber.objects.with_number(cast.ALICE).exists()


@pytest.mark.parametrize("way", ["code", "YES"])
def test_the_person_moves_with_what_they_agreed_to(way):
    alice = cast.alice()
    old_link = make_link(LinkScope.PREFERENCES, subscriber=alice, at=AT, good_for=cast.DAY)
    ask(alice)
    assert Subscriber.objects.with_number(cast.ALICE).get() == alice
    answer(alice, code()) if way == "code" else reply(NEW, "YES")
    assert_moved(alice)
    assert Consent.objects.get(subscriber=alice).status == Standing.CONFIRMED
    assert find_link(LinkScope.PREFERENCES, old_link, at=AT) is None
    proof = evidence(alice.events.get(kind=EventKind.NUMBER_CHANGED))
    assert (proof["from_number"], proof["to_number"]) == (cast.ALICE, NEW)
    assert proof.get("reply", "YES") == "YES"


def test_the_old_number_is_free_for_somebody_else():
    alice = cast.alice()
    ask(alice)
    answer(alice, code())
    other = cast.confirmed(cast.ALICE, at=cast.NOON + cast.DAY)
    assert other != alice


def test_the_country_follows_the_number():
    alice = cast.alice()
    ask(alice, "+12125550123")
    answer(alice, code())
    alice.refresh_from_db()
    assert alice.country == "US"


@pytest.mark.parametrize("typed", ["000000", "", "٠٠٠٠٠٠"])
def test_a_wrong_code_moves_nobody_and_five_are_enough(typed):
    alice = cast.alice()
    ask(alice)
    right = code()
    for _try in range(5):
        with pytest.raises(UnableToChange):
            answer(alice, typed if typed != right else "000001")
    with pytest.raises(UnableToChange):
        answer(alice, right)


def test_a_code_is_good_for_half_an_hour_and_once():
    alice = cast.alice()
    ask(alice)
    with pytest.raises(UnableToChange):
        answer(alice, code(), at=AT + cast.HOUR)
    typed = code()
    answer(alice, typed)
    with pytest.raises(UnableToChange):
        answer(alice, typed)
    assert alice.events.filter(kind=EventKind.NUMBER_CHANGED).count() == 1


def test_nobody_elses_code_fits():
    alice, bob = cast.alice(), cast.bob()
    ask(alice)
    with pytest.raises(UnableToChange):
        answer(bob, code())


def test_a_silent_number_is_not_texted():
    alice = cast.alice()
    suppress_number(e164=NEW, source=SuppressionSource.TEXT, at=cast.NOON)
    ask(alice)
    assert texts_to_new() == []


def test_a_stop_from_the_new_number_ends_it():
    alice = cast.alice()
    ask(alice)
    typed = code()
    reply(NEW, "STOP")
    with pytest.raises(UnableToChange):
        answer(alice, typed)
    assert Subscriber.objects.with_number(cast.ALICE).get() == alice


def test_no_from_the_new_number_ends_it():
    alice = cast.alice()
    ask(alice)
    typed = code()
    reply(NEW, "NO")
    with pytest.raises(UnableToChange):
        answer(alice, typed)


def test_whoever_has_stopped_has_nothing_to_move():
    alice = cast.alice()
    stop_all_texts(subscriber=alice, source=SuppressionSource.PAGE, at=AT)
    ask(alice)
    assert texts_to_new() == []


def test_a_number_with_a_life_of_its_own_is_not_swallowed():
    alice, carol = cast.alice(), cast.carol()
    ask(alice, cast.CAROL)
    with pytest.raises(NumberTaken):
        answer(alice, code())
    reply(cast.CAROL, "YES")
    assert Subscriber.objects.with_number(cast.CAROL).get() == carol


def test_that_a_stranger_typed_the_number_into_a_form_hinders_nobody():
    alice = cast.alice()
    cast.asked(NEW)
    ask(alice)
    answer(alice, code())
    assert_moved(alice)


def test_yes_answers_the_newest_question():
    alice = cast.alice()
    ask(alice)
    asked = cast.asked(NEW, at=AT + cast.MINUTE)
    reply(NEW, "YES", at=AT + 2 * cast.MINUTE)
    assert Consent.objects.get(subscriber=asked).status == Standing.CONFIRMED
    assert Subscriber.objects.with_number(cast.ALICE).get() == alice


def test_the_own_number_is_not_a_new_one():
    alice = cast.alice()
    ask(alice, cast.ALICE)
    assert texts_to_new() == []


def test_few_texts_go_to_one_number_however_many_ask():
    people = [cast.alice(), cast.bob(), cast.carol()]
    for person in people:
        ask(person)
    assert len(texts_to_new()) == 1
    for hour in range(1, 6):
        ask(people[0], at=AT + hour * cast.HOUR)
    assert len(texts_to_new()) == 3
    assert NumberChange.objects.filter(closed_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_move_once():
    at = timezone.now()
    alice = cast.confirmed(cast.ALICE, at=at - cast.DAY)
    ask(alice, at=at)
    typed = code()
    ended: list[str] = []

    def go(work) -> None:
        try:
            work()
            ended.append("done")
        except UnableToChange:
            ended.append("refused")
        finally:
            connections.close_all()

    works = [
        lambda: answer(Subscriber.objects.get(pk=alice.pk), typed, at=timezone.now()),
        lambda: answer(Subscriber.objects.get(pk=alice.pk), typed, at=timezone.now()),
        lambda: reply(NEW, "YES", at=timezone.now()),
    ]
    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 3
    assert_moved(alice)
    assert alice.events.filter(kind=EventKind.NUMBER_CHANGED).count() == 1
