from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from messaging.rules import Objection, SendFacts
from messaging.rules.place import InsideHours, OldEnough, SenderMayReach

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Opens:
    after: timedelta | None

    def opens_at(self, at: datetime) -> datetime | None:
        return None if self.after is None else at + self.after


def test_inside_the_hours_it_may_go():
    assert InsideHours().check(SendFacts(at=AT, hours=Opens(timedelta()))) is None


def test_it_waits_until_they_begin():
    facts = SendFacts(at=AT, hours=Opens(timedelta(hours=9)))
    assert InsideHours().check(facts) == Objection("outside_hours", AT + timedelta(hours=9))


@pytest.mark.parametrize("hours", [None, Opens(None)])
def test_without_any_hours_it_never_goes(hours):
    assert InsideHours().check(SendFacts(at=AT, hours=hours)) == Objection("outside_hours")


@pytest.mark.parametrize(
    ("under_age", "guardian", "fit", "may"),
    [
        (False, False, False, True),
        (True, False, False, False),
        (True, True, False, False),
        (True, False, True, False),
        (True, True, True, True),
    ],
)
def test_a_minor_needs_a_guardian_and_a_text_that_is_fit_for_them(under_age, guardian, fit, may):
    facts = SendFacts(at=AT, under_age=under_age, guardian_agreed=guardian, fit_for_minors=fit)
    assert (OldEnough().check(facts) is None) is may


@pytest.mark.parametrize(("reaches", "registered"), [(True, False), (False, True)])
def test_a_sender_keeps_to_its_countries_and_is_registered_there(reaches, registered):
    facts = SendFacts(at=AT, sender_reaches_country=True, sender_is_registered=True)
    assert SenderMayReach().check(facts) is None
    facts = SendFacts(at=AT, sender_reaches_country=reaches, sender_is_registered=registered)
    assert SenderMayReach().check(facts) == Objection("sender_may_not_reach")
