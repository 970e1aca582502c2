"""The column `number_area`: what is noted of a number, when, and that it goes with the person."""

from __future__ import annotations

import base64
import io

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from consent.circumstances import Circumstances
from consent.models import ActorKind
from consent.operations.erasure import erase_subscriber
from consent.operations.number_change import change_with_code, request_number_change
from consent.operations.rotation import rotate_keys
from messaging.models import Message, MessageKind
from messaging.texts import text_of
from subscribers import operations
from subscribers.models import Subscriber
from subscribers.operations import refresh_number_areas
from subscribers.privacy import SubscriberStore
from subscribers.zones import UNKNOWN, whereabouts
from tests import cast

pytestmark = pytest.mark.django_db
MIAMI, CHICAGO = "+13055550123", "+13125550123"
AREA = "UPDATE subscribers_subscriber SET number_area = %s"


def area_of(person: Subscriber) -> str:
    person.refresh_from_db()
    return person.number_area


def as_before_the_column() -> None:
    Subscriber.objects.update(number_area="")


def refreshed() -> str:
    said = io.StringIO()
    call_command("refresh_number_areas", stdout=said, stderr=said)
    return said.getvalue()


def test_it_is_noted_with_the_number():
    assert area_of(cast.asked(MIAMI)) == "+1305"
    assert area_of(cast.alice()) == "GB"


def test_it_moves_with_the_number():
    miami = cast.confirmed(MIAMI)
    at = cast.NOON + cast.HOUR
    request_number_change(subscriber=miami, e164=CHICAGO, client_address="10.9.9.9", at=at)
    text = Message.objects.get(kind=MessageKind.NUMBER_CHANGE)
    code = next(word for word in text_of(text).replace(".", " ").split() if word.isdigit())
    change_with_code(subscriber=miami, code=code, circumstances=Circumstances(), at=at)
    assert area_of(miami) == "+1312"


def test_it_goes_at_erasure_with_the_state():
    miami = cast.confirmed(MIAMI)
    Subscriber.objects.update(region="US-FL", time_zone="America/New_York")
    erase_subscriber(
        subscriber=miami, actor_kind=ActorKind.SUBSCRIBER, remember_no=True, at=cast.NOON + cast.DAY
    )
    assert (area_of(miami), miami.region) == ("", "")
    found = whereabouts(
        time_zone=miami.time_zone,
        region=miami.region,
        number_area=miami.number_area,
        country=miami.country,
    )
    assert found == UNKNOWN


def test_the_person_gets_both_in_their_copy():
    miami = cast.asked(MIAMI)
    miami.region = "US-FL"
    copy = SubscriberStore().export(miami)
    assert (copy["number_area"], copy["region"]) == ("+1305", "US-FL")


@pytest.mark.parametrize("area", ["+13055", "+1 30", "+44", "+4477", "+551", "GBR", "3055", "gb"])
def test_the_database_refuses_a_further_digit(area):
    cast.asked(MIAMI)
    with pytest.raises(DatabaseError, match=r"number_area|too long"), transaction.atomic():
        connection.cursor().execute(AREA, [area])


@pytest.mark.parametrize("region", ["Florida", "us-fl", "US", "US-", "USFL"])
def test_the_database_refuses_what_is_no_state(region):
    cast.asked(MIAMI)
    with pytest.raises(DatabaseError, match=r"subscriber_region|too long"), transaction.atomic():
        Subscriber.objects.update(region=region)


def test_the_database_keeps_no_place_of_the_erased():
    cast.erin()
    for place in ({"number_area": "GB"}, {"region": "US-FL"}):
        with pytest.raises(IntegrityError, match="until_erased"), transaction.atomic():
            Subscriber.objects.update(**place)


def test_people_from_before_get_theirs_in_batches(monkeypatch):
    monkeypatch.setattr(operations, "BATCH", 2)
    people = [cast.asked(f"+1305555010{n}") for n in range(5)]
    erin = cast.erin()
    as_before_the_column()
    told: list[int] = []
    done = refresh_number_areas(tell=told.append)
    assert (done.people, done.locked, told) == (5, 0, [2, 4, 5])
    assert {area_of(person) for person in people} == {"+1305"}
    assert area_of(erin) == ""
    assert refresh_number_areas().people == 0


def test_cut_off_it_goes_on_where_it_ended(monkeypatch):
    monkeypatch.setattr(operations, "BATCH", 1)
    people = [cast.asked(MIAMI), cast.asked(CHICAGO)]
    as_before_the_column()

    def cut_off(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh_number_areas(tell=cut_off)
    assert [area_of(person) for person in people] == ["+1305", ""]
    assert refresh_number_areas().people == 1
    assert area_of(people[1]) == "+1312"


def test_the_command_says_whose_key_is_missing(settings):
    cast.asked(MIAMI)
    as_before_the_column()
    keys = settings.MASTER_KEYS
    settings.MASTER_KEYS = "other:" + base64.b64encode(b"o" * 32).decode()
    assert "1 people are under a key that is not configured" in refreshed()
    settings.MASTER_KEYS = keys
    assert refreshed() == "1 people …\nThe area of 1 numbers was noted.\n"


def test_new_keys_bring_it_too(settings):
    miami = cast.asked(MIAMI)
    as_before_the_column()
    new = base64.b64encode(b"n" * 32).decode()
    settings.MASTER_KEYS = f"new:{new},{settings.MASTER_KEYS}"
    rotate_keys()
    assert area_of(miami) == "+1305"
