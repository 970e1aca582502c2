"""S17: every marketing text names the sender and says how to stop."""

from __future__ import annotations

from tests import cast


def test_what_the_author_forgot_is_there_when_it_arrives(town):
    town.join(cast.ALICE)
    town.run(cast.draft("Open late on Friday."))
    text = town.phone(cast.ALICE).gets("Friday")
    assert text == "Harbor Street Library: Open late on Friday. Reply STOP to end."


def test_what_the_author_wrote_is_not_said_twice(town):
    town.join(cast.ALICE)
    body = "Harbor Street Library opens late on Friday. STOP ends these texts."
    town.run(cast.draft(body))
    assert town.phone(cast.ALICE).gets("Friday") == body
