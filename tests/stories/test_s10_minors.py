"""S10: under age, texts come only with two yes: the guardian's and their own, each by phone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from consent.freshness import starts_at
from consent.models import Consent, Guardianship, Standing
from messaging.models import Campaign, Message, MessageState
from subscribers.models import AgeBand, Subscriber
from tests import cast
from tests.stories.conftest import wait_until
from tests.stories.visitor import Page

BEATRICE, PAT = "+447700900103", "+447700900104"


@pytest.fixture
def young(town) -> None:
    cast.young_form()


def ask(town, *, number: str = BEATRICE, guardian: str = PAT, years: int = 1) -> Page:
    """Say "younger" on the page, then answer the two questions that come up."""
    visitor, today = town.visitor(), timezone.now()
    page = visitor.get("/signup/young/")
    news = cast.notice_version().purposes.get(purpose__code="news").pk
    first = {"number": number, "age": "younger", "language": "en", "purposes": [news]}
    page = visitor.send(page, page.form("confirmation text"), **first)
    assert "Two more questions" in page.text
    return visitor.send(
        page, page.form("guardian_number"),
        **first, month=today.month, year=today.year + years, guardian_number=guardian,
    )  # fmt: skip


def test_guardian_then_young_person_say_yes_each_from_their_own_phone(town, young):
    page = ask(town)
    assert "We ask your guardian first" in page.text
    assert "ends in 03" in town.phone(PAT).gets("parent or guardian")
    assert town.phone(BEATRICE).texts() == []
    town.phone(PAT).replies("YES")
    assert "your guardian agreed" in town.phone(BEATRICE).gets("Reply YES")
    town.phone(BEATRICE).replies("YES")
    town.phone(BEATRICE).gets("you are signed up")
    beatrice = Subscriber.objects.with_number(BEATRICE).get()
    consent = Consent.objects.get(subscriber=beatrice)
    assert beatrice.age_band == AgeBand.MINOR
    assert consent.expires_at == starts_at(beatrice.age_band_ends_date)
    assert len(town.phone(PAT).texts()) == 1


def test_they_get_only_what_is_marked_fit_for_them(town, young):
    dora = cast.dora(at=timezone.now() - cast.HOUR)
    phone = town.phone(cast.DORA)
    town.run(cast.draft("Wine tasting on Friday."))
    fit = cast.draft("Comics on Saturday.")
    Campaign.objects.filter(pk=fit.pk).update(fit_for_minors=True)
    fit.refresh_from_db()
    town.run(fit)
    phone.gets("Comics on Saturday.")
    assert not any("Wine" in text for text in phone.texts())
    [withheld] = Message.objects.filter(subscriber=dora, state=MessageState.WITHHELD)
    assert [objection["code"] for objection in withheld.objections] == ["under_age"]


def test_no_from_the_guardian_and_nobody_hears_from_us_again(town, young):
    ask(town)
    town.phone(PAT).gets("parent or guardian")
    town.phone(PAT).replies("NO")
    wait_until(lambda: Guardianship.objects.exclude(ended_at=None).exists(), "the no to be heard")
    town.join(cast.ALICE)
    assert town.phone(BEATRICE).texts() == []
    assert len(town.phone(PAT).texts()) == 1


def test_a_stop_from_the_guardian_ends_the_texts_of_the_young_person(town, young):
    ask(town)
    town.phone(PAT).gets("parent or guardian")
    town.phone(PAT).replies("YES")
    town.phone(BEATRICE).gets("Reply YES")
    town.phone(BEATRICE).replies("YES")
    town.phone(BEATRICE).gets("you are signed up")
    town.phone(PAT).replies("STOP")
    town.phone(PAT).gets("no more texts")
    beatrice = Subscriber.objects.with_number(BEATRICE).get()
    assert Consent.objects.get(subscriber=beatrice).status == Standing.WITHDRAWN


def test_under_thirteen_in_the_united_states_nothing_is_kept_and_nobody_asked(town, young):
    page = ask(town, number="+12125550123", guardian="+12125550124", years=4)
    assert "We kept nothing" in page.text
    assert not Subscriber.objects.exists()
    assert town.phone("+12125550124").texts() == []
