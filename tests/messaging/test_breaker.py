from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.breaker import (
    LARGEST_CANARY,
    LEAST_FOR_CANARY,
    LEAST_PEOPLE,
    LEAST_TEXTS,
    Figures,
    Limit,
    Measured,
    Z,
    canary_size,
    lower_bound,
    measure,
)
from messaging.gauges import WIDTH, gauge

counts = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
shares = st.floats(0.0005, 0.5)


@given(counts)
def test_the_bound_is_the_root_that_wilson_solves_for(count):
    """Where the observed share lies exactly z standard errors above the true one."""
    hits, texts = count
    bound, share = lower_bound(hits, texts), hits / texts
    assert 0 <= bound <= share
    distance = (share - bound) ** 2
    assert math.isclose(distance, Z**2 * bound * (1 - bound) / texts, rel_tol=1e-6, abs_tol=1e-12)


@pytest.mark.parametrize(("hits", "texts", "bound"), [(10, 100, 0.0552), (1, 10, 0.0179)])
def test_it_agrees_with_the_tables(hits, texts, bound):
    assert lower_bound(hits, texts, z=1.959964) == pytest.approx(bound, abs=5e-5)


@given(counts, shares)
def test_a_rate_at_or_under_its_limit_never_stops_a_campaign(count, limit):
    rate = Measured("failure", *count, limit)
    if rate.rate <= limit:
        assert not rate.is_over


@given(counts, shares)
def test_more_people_never_make_it_safer_and_more_texts_never_make_it_worse(count, limit):
    hits, texts = count
    assert lower_bound(hits, texts) <= lower_bound(min(hits + 1, texts), texts)
    assert lower_bound(hits, texts + 1) <= lower_bound(hits, texts)
    if Measured("failure", hits, texts, limit).is_over:
        assert Measured("failure", min(hits + 1, texts), texts, limit).is_over


@given(st.integers(0, 10_000), shares)
def test_few_texts_and_few_people_decide_nothing(hits, limit):
    few = Measured("failure", min(hits, LEAST_TEXTS - 1), LEAST_TEXTS - 1, limit)
    alone = Measured("complaint", LEAST_PEOPLE - 1, LEAST_TEXTS, limit)
    assert not few.is_over
    assert not alone.is_over


@pytest.mark.parametrize("texts", [20, 50, 200, 1000, 2000])
@pytest.mark.parametrize("limit", [0.001, 0.02, 0.03, 0.15])
def test_a_campaign_exactly_at_a_limit_is_seldom_stopped_by_one_look(texts, limit):
    over = sum(
        chance(hits, texts, limit)
        for hits in range(texts + 1)
        if Measured("any", hits, texts, limit).is_over
    )
    assert over < 0.1


def chance(hits: int, texts: int, share: float) -> float:
    """That exactly so many of so many are hit, by the binomial distribution."""
    ways = math.lgamma(texts + 1) - math.lgamma(hits + 1) - math.lgamma(texts - hits + 1)
    return math.exp(ways + hits * math.log(share) + (texts - hits) * math.log1p(-share))


def test_every_limit_is_measured_even_where_nothing_happened():
    found = measure(Figures(20, 0, {"failure": 20}), [Limit("failure", 0.15), Limit("x", 0.1)])
    assert [(rate.code, rate.hits, rate.is_over) for rate in found] == [
        ("failure", 20, True),
        ("x", 0, False),
    ]


def test_a_small_audience_needs_no_canary_and_a_large_one_gets_the_largest():
    sizes = {people: canary_size(people) for people in (0, 99, 100, 1000, 4000, 1_000_000)}
    assert sizes == {0: 0, 99: 0, 100: 20, 1000: 50, 4000: 200, 1_000_000: 200}


@given(st.integers(LEAST_FOR_CANARY, 10**7))
def test_a_canary_says_something_and_is_never_most_of_the_audience(people):
    assert LEAST_TEXTS <= canary_size(people) <= min(LARGEST_CANARY, people // 4)


@given(counts, shares)
def test_a_gauge_stays_in_its_drawing(count, limit):
    drawn = gauge(Measured("failure", *count, limit))
    assert 0 <= drawn.at_least_x <= drawn.rate_x + 0.01 <= WIDTH + 0.01
    assert 0 < drawn.limit_x <= WIDTH / 2 + 0.01
