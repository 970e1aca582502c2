from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from messaging.rules import Cap, Frequency, SendFacts
from messaging.rules.frequency import (
    AnsweredOnce,
    WithinChosenFrequency,
    WithinJurisdictionCap,
    WithinPromise,
)

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def sent(*days_ago: float) -> tuple[datetime, ...]:
    return tuple(sorted(AT - days * DAY for days in days_ago))


def test_it_counts_only_what_is_within_the_period():
    facts = SendFacts(at=AT, promised=Frequency(2, 30), sent_at=sent(31, 3))
    assert WithinPromise().check(facts) is None


def test_it_says_when_one_more_fits():
    facts = SendFacts(at=AT, promised=Frequency(2, 30), sent_at=sent(20, 10, 3))
    assert WithinPromise().check(facts).retry_at == AT + 20 * DAY


def test_the_persons_choice_counts_as_well():
    facts = SendFacts(at=AT, promised=Frequency(4, 30), chosen=Frequency(1, 7), sent_at=sent(3))
    assert WithinPromise().check(facts) is None
    assert WithinChosenFrequency().check(facts).retry_at == AT + 4 * DAY


def test_every_cap_of_the_law_holds_whatever_the_texts_were_about():
    """Florida's three in 24 hours, and four in a week."""
    caps = (Cap(3, 24), Cap(4, 24 * 7))
    facts = SendFacts(at=AT, caps=caps, campaign_texts_at=sent(0.9, 0.5))
    assert WithinJurisdictionCap().check(facts) is None
    facts = SendFacts(at=AT, caps=caps, campaign_texts_at=sent(0.9, 0.5, 0.1))
    assert WithinJurisdictionCap().check(facts).retry_at == AT + 0.1 * DAY
    facts = SendFacts(at=AT, caps=caps, campaign_texts_at=sent(6, 0.9, 0.5, 0.1))
    assert WithinJurisdictionCap().check(facts).retry_at == AT + DAY


def test_the_same_answer_is_given_once_in_five_minutes():
    assert AnsweredOnce().check(SendFacts(at=AT)) is None
    assert AnsweredOnce().check(SendFacts(at=AT, answered_at=AT - timedelta(minutes=4)))
    assert AnsweredOnce().check(SendFacts(at=AT, answered_at=AT - timedelta(minutes=5))) is None


@given(
    texts=st.integers(1, 6),
    days=st.integers(1, 60),
    asked_hours=st.lists(st.integers(0, 24 * 90), min_size=1, max_size=60),
)
def test_no_window_ever_holds_more_than_promised(texts, days, asked_hours):
    """Ask at random times, send whenever allowed: every period stays within the promise."""
    promised, given_at = Frequency(texts, days), []
    for hours in sorted(asked_hours):
        at = AT + timedelta(hours=hours)
        facts = SendFacts(at=at, promised=promised, sent_at=tuple(given_at))
        if WithinPromise().check(facts) is None:
            given_at.append(at)
    for first in given_at:
        window = [t for t in given_at if first <= t < first + promised.period]
        assert len(window) <= texts


@given(st.lists(st.floats(0, 40), max_size=12), st.integers(1, 5), st.integers(1, 30))
def test_at_the_time_it_names_it_agrees(days_ago, texts, days):
    facts = SendFacts(at=AT, promised=Frequency(texts, days), sent_at=sent(*days_ago))
    said = WithinPromise().check(facts)
    if said is not None:
        assert said.retry_at > AT
        again = SendFacts(at=said.retry_at, promised=facts.promised, sent_at=facts.sent_at)
        assert WithinPromise().check(again) is None
