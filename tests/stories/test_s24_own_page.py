"""S24: a page without password; leaving is as easy as joining."""

from __future__ import annotations

import re

from consent.models import Consent, Preference, Standing
from messaging.models import Message, MessageState
from subscribers.models import Subscriber
from tests import cast
from tests.stories.visitor import Page, Visitor


def open_with_code(town, number: str) -> tuple[Visitor, Page]:
    visitor = town.visitor()
    page = visitor.get("/preferences/")
    page = visitor.send(page, page.form("number"), number=number)
    code = re.search(r"\d{6}", town.phone(number).gets("opens the page"))[0]
    return visitor, visitor.send(page, page.form("code"), code=code)


def open_with_link(town, number: str) -> tuple[Visitor, Page]:
    visitor = town.visitor()
    link = re.search(r"http\S+/p/\S+/", town.phone(number).gets("you are signed up"))[0]
    page = visitor.get(link)
    return visitor, visitor.send(page, page.form("Open my page"))


def test_a_code_sent_to_the_number_opens_it(town):
    town.join(cast.ALICE)
    _visitor, page = open_with_code(town, cast.ALICE)
    assert page.address.endswith("/preferences/choices/")
    assert "Opening hours and events" in page.text
    assert cast.ALICE not in page.html


def test_one_tap_takes_one_purpose_back(town):
    town.join(cast.ALICE, "news", "offers")
    visitor, page = open_with_link(town, cast.ALICE)
    page = visitor.send(page, page.form("Stop texts about Offers"))
    assert "no more texts about Offers" in page.text
    standing = dict(Consent.objects.values_list("purpose__code", "status"))
    assert standing == {"news": Standing.CONFIRMED, "offers": Standing.WITHDRAWN}
    town.run(cast.draft("Ten percent off.", purpose=cast.offers()))
    town.run(cast.draft())
    town.phone(cast.ALICE).gets("Friday")
    assert not any("Ten percent" in text for text in town.phone(cast.ALICE).texts())


def test_stop_on_the_page_is_as_final_as_stop_by_text(town):
    town.join(cast.ALICE)
    visitor, page = open_with_link(town, cast.ALICE)
    page = visitor.send(page, page.form("Stop all texts"))
    assert "All texts are stopped" in page.text
    campaign = town.run(cast.draft())
    assert Message.objects.get(campaign=campaign).state == MessageState.WITHHELD


def test_a_pause_and_a_frequency_are_kept(town):
    town.join(cast.ALICE)
    visitor, page = open_with_link(town, cast.ALICE)
    page = visitor.send(page, page.form("texts_in_days"), texts_in_days="1/30")
    page = visitor.send(page, page.form("No texts for"), days=7)
    chosen = Preference.objects.get()
    assert (chosen.chosen_texts, chosen.chosen_days) == (1, 30)
    campaign = town.run(cast.draft())
    message = Message.objects.get(campaign=campaign)
    assert (message.state, message.objections[0]["code"]) == ("withheld", "paused_by_person")


def test_language_and_time_zone_are_theirs_to_set(town):
    town.join(cast.ALICE)
    visitor, page = open_with_link(town, cast.ALICE)
    visitor.send(page, page.form("time_zone"), language="fr", time_zone="Europe/Paris")
    alice = Subscriber.objects.get()
    assert (alice.language, alice.time_zone) == ("fr", "Europe/Paris")


def test_a_link_preview_changes_nothing(town):
    town.join(cast.ALICE)
    link = re.search(r"http\S+/p/\S+/", town.phone(cast.ALICE).gets("you are signed up"))[0]
    for _ in range(5):
        page = town.visitor().get(link)
    assert "Opening hours" not in page.text
    assert Consent.objects.get().status == Standing.CONFIRMED
