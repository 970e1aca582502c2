"""S5: no pre-ticked box, each purpose apart, and never a condition of anything."""

from __future__ import annotations

from consent.ledger import evidence
from consent.models import Consent, EventKind, Standing
from subscribers.models import Subscriber
from tests import cast


def test_each_purpose_has_its_own_empty_box(town):
    form = town.visitor().get("/signup/news/").form("confirmation text")
    boxes = [box for box in form.boxes if box[0] == "purposes"]
    assert len(boxes) == 2
    assert not any(ticked for _name, _value, ticked in form.boxes)


def test_the_page_names_the_other_way_and_says_it_is_no_condition(town):
    text = town.visitor().get("/signup/news/").text
    assert "Read the notice board." in text
    assert "Words about not_condition." in text
    assert text.index("Words about frequency.") < text.index("Your mobile number")


def test_only_the_ticked_purpose_is_agreed_to_and_the_proof_shows_both_boxes(town):
    alice = town.join(cast.ALICE, "news")
    assert [c.purpose.code for c in Consent.objects.filter(status=Standing.CONFIRMED)] == ["news"]
    proof = evidence(alice.events.get(kind=EventKind.REQUESTED))
    assert proof["boxes"] == {"news": True, "offers": False}
    assert "Words about sender." in proof["shown_text"]
    assert proof["network"] == "127.0.0.0/24"
    assert Subscriber.objects.count() == 1
