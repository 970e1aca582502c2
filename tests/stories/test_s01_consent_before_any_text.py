"""S1: explicit consent by an affirmative act before any marketing text."""

from __future__ import annotations

from messaging.models import Message, MessageState
from tests import cast


def test_a_campaign_reaches_only_whoever_acted(town):
    town.sign_up("07700 900101")
    town.phone("+447700900101").gets("reply YES")
    alice = town.join(cast.ALICE)
    campaign = town.run(cast.draft("Open late on Friday."))
    assert "Open late on Friday" in town.phone(cast.ALICE).gets("Friday")
    assert not any("Friday" in text for text in town.phone("+447700900101").texts())
    sent = Message.objects.filter(campaign=campaign).exclude(state=MessageState.WITHHELD)
    assert [message.subscriber for message in sent] == [alice]


def test_no_box_is_ticked_for_anyone_and_without_one_nothing_happens(town):
    visitor = town.visitor()
    page = visitor.get("/signup/news/")
    form = page.form("confirmation text")
    assert [ticked for _name, _value, ticked in form.boxes] == [False] * len(form.boxes)
    answer = visitor.send(page, form, number="07700 900102", age="old_enough", language="en")
    assert answer.status in (200, 422)
    assert "Tick at least one box" in answer.text
    assert "07700 900102" in answer.html
    assert Message.objects.count() == 0
