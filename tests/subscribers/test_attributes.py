from __future__ import annotations

import pytest

from subscribers.models import Attribute, Subscriber
from subscribers.operations import set_attributes
from tests import cast
from tests.rivals import stalled

HOLD_PERSON = "SELECT 1 FROM subscribers_subscriber WHERE id = %s FOR NO KEY UPDATE"


def declare(*codes):
    for code in codes:
        Attribute.objects.create(code=code, label=code, kind="text", reason="to know")


@pytest.mark.django_db
def test_answers_kept_by_two_who_read_the_person_before_both_stay():
    declare("branch", "genre")
    first, second = cast.alice(), Subscriber.objects.get()
    set_attributes(subscriber=first, values={"branch": "North"})
    set_attributes(subscriber=second, values={"genre": "crime"})
    first.refresh_from_db()
    assert first.attributes == {"branch": "North", "genre": "crime"}


@pytest.mark.django_db
def test_an_empty_answer_is_forgotten():
    declare("branch", "genre")
    alice = cast.alice()
    set_attributes(subscriber=alice, values={"branch": "North", "genre": "crime"})
    set_attributes(subscriber=alice, values={"branch": ""})
    assert alice.attributes == {"genre": "crime"}


@pytest.mark.django_db(transaction=True)
def test_they_wait_for_whoever_has_the_person():
    declare("branch")
    alice = cast.alice()

    def keep():
        set_attributes(subscriber=alice, values={"branch": "North"})

    with stalled(keep, by=HOLD_PERSON, parameters=[alice.pk]):
        pass
    alice.refresh_from_db()
    assert alice.attributes == {"branch": "North"}
