"""A hold ends with a decision, and without one as a stop."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from consent.ledger import evidence
from consent.models import (
    ActorKind,
    Consent,
    EventKind,
    Hold,
    Standing,
    Suppression,
    SuppressionSource,
)
from consent.operations.holds import (
    UnableToDecide,
    place_hold,
    release_hold,
    revoke_undecided,
    stop_held_person,
)
from consent.operations.withdrawal import stop_all_texts
from consent.suppression import number_is_suppressed
from subscribers.authorization import NotAuthorized
from tests import cast

pytestmark = pytest.mark.django_db
LATER = cast.NOON + cast.HOUR


@pytest.fixture
def hold() -> Hold:
    alice = cast.alice()
    return place_hold(
        subscriber=alice, reason="unclear text", at=LATER, proof={"reply": "please not so many"}
    )


def officer():
    return cast.staff("privacy", "Privacy officer")


def kinds(hold: Hold) -> list[str]:
    events = hold.subscriber.events.filter(occurred_at__gte=LATER)
    return list(events.order_by("occurred_at", "pk").values_list("kind", flat=True))


def test_an_unclear_text_is_on_record_with_its_words(hold):
    event = hold.subscriber.events.get(kind=EventKind.HELD)
    assert (event.actor_kind, event.purpose) == (ActorKind.SYSTEM, None)
    assert evidence(event) == {"reason": "unclear text", "reply": "please not so many"}
    assert hold.due_at == LATER + cast.DAY


def test_a_second_unclear_text_does_not_prolong_it(hold):
    again = place_hold(subscriber=hold.subscriber, reason="unclear text", at=LATER + cast.HOUR)
    assert (again.pk, again.due_at) == (hold.pk, hold.due_at)
    assert kinds(hold) == [EventKind.HELD]


def test_staff_hold_and_are_named_in_the_evidence():
    alice, actor = cast.alice(), officer()
    place_hold(subscriber=alice, reason="told the desk", at=LATER, actor=actor)
    event = alice.events.get(kind=EventKind.HELD)
    assert event.actor_kind == ActorKind.STAFF
    assert evidence(event) == {"reason": "told the desk", "staff": actor.pk}


def test_releasing_lets_the_consent_go_on(hold):
    release_hold(actor=officer(), hold=hold, reason="a question", at=LATER + cast.MINUTE)
    assert kinds(hold) == [EventKind.HELD, EventKind.RELEASED]
    assert not Hold.objects.filter(released_at=None).exists()
    assert Consent.objects.get().status == Standing.CONFIRMED


def test_stopping_takes_everything_back_and_ends_the_hold(hold):
    stop_held_person(actor=officer(), hold=hold, reason="wants no more", at=LATER + cast.MINUTE)
    assert sorted(kinds(hold)) == [EventKind.HELD, EventKind.RELEASED, EventKind.WITHDRAWN]
    assert number_is_suppressed(cast.ALICE)


def test_a_stop_in_between_ends_the_hold_on_record(hold):
    stop_all_texts(subscriber=hold.subscriber, source=SuppressionSource.TEXT, at=LATER)
    released = hold.subscriber.events.get(kind=EventKind.RELEASED)
    assert released.actor_kind == ActorKind.SUBSCRIBER
    with pytest.raises(UnableToDecide, match="decided already"):
        release_hold(actor=officer(), hold=hold, reason="a question", at=LATER)


def test_undecided_means_revoked(hold):
    assert revoke_undecided(at=hold.due_at - cast.MINUTE) == 0
    assert revoke_undecided(at=hold.due_at) == 1
    assert revoke_undecided(at=hold.due_at) == 0
    assert Consent.objects.get().status == Standing.WITHDRAWN
    assert Suppression.objects.get().source == SuppressionSource.UNDECIDED
    withdrawn = hold.subscriber.events.get(kind=EventKind.WITHDRAWN)
    assert withdrawn.actor_kind == ActorKind.SYSTEM
    assert evidence(withdrawn)["reason"] == "undecided"


def test_a_decision_needs_a_reason_and_the_right(hold):
    for verb in (release_hold, stop_held_person):
        with pytest.raises(UnableToDecide, match="Say why"):
            verb(actor=officer(), hold=hold, reason=" ", at=LATER)
        with pytest.raises(NotAuthorized):
            verb(actor=cast.approver(), hold=hold, reason="x", at=LATER)
    with pytest.raises(NotAuthorized):
        place_hold(subscriber=hold.subscriber, reason="x", at=LATER, actor=cast.approver())


@pytest.mark.parametrize("role", ["Privacy officer", "Administrator", "Editor"])
def test_staff_decide_on_the_page(client: Client, hold, role):
    client.force_login(cast.staff("someone", role))
    page = client.get(reverse("admin:consent_hold_change", args=[hold.pk])).content.decode()
    assert page.index("Stop all texts to this person") < page.index("Let texts go on")
    release = reverse("admin:consent_hold_release", args=[hold.pk])
    client.post(release, {"reason": "a question"})
    assert Hold.objects.filter(released_at=None).exists(), "nobody said that the text was read"
    client.post(release, {"reason": "a question", "was_read": "on"})
    assert not Hold.objects.filter(released_at=None).exists()


def test_the_other_button_stops(client: Client, hold):
    client.force_login(officer())
    client.post(reverse("admin:consent_hold_stop", args=[hold.pk]), {"reason": "wants no more"})
    assert number_is_suppressed(cast.ALICE)


def test_others_see_no_button(client: Client, hold):
    client.force_login(cast.approver())
    assert client.get(reverse("admin:consent_hold_change", args=[hold.pk])).status_code == 403
