"""S26: a copy of everything, to read and for a program; the names of staff are not in it."""

from __future__ import annotations

import json

from messaging.models import InboundMessage, Message, MessageState
from tests import cast
from tests.stories.conftest import wait_until
from tests.stories.test_s24_own_page import open_with_code, open_with_link
from tests.stories.test_s30_staff import sign_in


def lived(town) -> None:
    """She joined, wrote, got a campaign, missed another, and was looked up by staff."""
    cast.staff("meddlesome-morgan", "Privacy officer")
    town.join(cast.ALICE, "news")
    town.phone(cast.ALICE).replies("When do you open on Sundays?")
    wait_until(lambda: InboundMessage.objects.count() == 2, "her question")
    town.run(cast.draft("Violet heron at the harbor"))
    town.run(cast.draft("Ten percent off.", purpose=cast.offers()))
    desk = sign_in(town, "meddlesome-morgan")
    page = desk.get("/admin/subscribers/subscriber/find/")
    desk.send(page, page.form("number"), number=cast.ALICE, reason="complaint")


def test_the_page_tells_the_whole_story(town):
    lived(town)
    visitor, _ = open_with_code(town, cast.ALICE)
    page = visitor.get("/preferences/copy/")
    for words in (
        cast.ALICE,
        "Opening hours and events",
        "Confirmed from the phone: Opening hours and events",
        "Your answer YES",
        "Yes, text me about opening hours and events",
        "When do you open on Sundays?",
        "Violet heron at the harbor",
        "A text for you",
        "The person confirmed this purpose and has not withdrawn it.",
        "Staff: searched for a number",
        "Privacy officer",
        "They complained",
    ):
        assert words in page.text, words
    assert "meddlesome" not in page.html


def test_the_download_holds_what_every_store_has(town):
    lived(town)
    visitor, _ = open_with_code(town, cast.ALICE)
    page = visitor.get("/preferences/copy.json")
    copy = json.loads(page.html)
    assert copy["person"]["number"] == cast.ALICE
    assert [each["action"] for each in copy["person"]["seen_by_staff"]] == ["searched", "viewed"]
    kinds = [event["kind"] for event in copy["consent"]["history"]]
    assert kinds == ["requested", "confirmed"]
    assert copy["consent"]["history"][0]["evidence"]["statement"].startswith("Yes, text me")
    assert [each["text"] for each in copy["texts"]["received"]] == [
        "YES", "When do you open on Sundays?",
    ]  # fmt: skip
    states = {each["state"] for each in copy["texts"]["sent"]}
    assert MessageState.WITHHELD in states
    assert len(copy["texts"]["sent"]) == Message.objects.count()
    assert "meddlesome" not in page.html


def test_a_forwarded_link_shows_it_to_nobody(town):
    town.join(cast.ALICE)
    visitor, _ = open_with_link(town, cast.ALICE)
    for path in ("/preferences/copy/", "/preferences/copy.json"):
        page = visitor.get(path)
        assert "One more code" in page.text
        assert cast.ALICE not in page.html
    stranger = town.visitor()
    assert stranger.get("/preferences/copy/").address.endswith("/preferences/")
