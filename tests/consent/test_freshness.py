from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.freshness import asks_again_at, ends_at, expires_at, fades_at, starts_at
from consent.local_law import law_in
from tests import cast

NOON, DAY = cast.NOON, cast.DAY


@pytest.fixture(autouse=True)
def laws(db) -> None:
    """Staff may have overridden a pack, so the law is read with the database at hand."""


def test_a_yes_ends_at_the_earliest_of_all_ends():
    korea = law_in(["KR"], at=NOON)
    assert expires_at(NOON, valid_days=None, asked=korea) == NOON + 730 * DAY
    assert expires_at(NOON, valid_days=30, asked=korea) == NOON + 30 * DAY
    assert expires_at(NOON, valid_days=800, asked=korea) == NOON + 730 * DAY


def test_the_yes_of_a_minor_ends_with_the_band():
    ends = expires_at(
        NOON, valid_days=None, asked=law_in(["GB"], at=NOON), under_age_until=date(2027, 2, 1)
    )
    assert ends == starts_at(date(2027, 2, 1))


def test_a_band_that_is_over_ends_nothing():
    britain = law_in(["GB"], at=NOON)
    kept = expires_at(NOON, valid_days=20, asked=britain, under_age_until=date(2026, 11, 2))
    assert kept == NOON + 20 * DAY


def test_in_france_a_yes_fades_three_years_after_the_last_act():
    faded = fades_at(NOON, law_in(["FR"], at=NOON))
    assert faded is not None
    assert timedelta(days=1090) <= faded - NOON <= timedelta(days=1096)


def test_elsewhere_and_before_any_act_nothing_fades():
    assert fades_at(NOON, law_in(["GB"], at=NOON)) is None
    assert fades_at(None, law_in(["FR"], at=NOON)) is None


def test_whichever_comes_first_ends_it():
    assert ends_at(None, None) is None
    assert ends_at(NOON, None) == ends_at(None, NOON) == ends_at(NOON + DAY, NOON) == NOON


@given(lasts=st.integers(1, 4000), before=st.integers(1, 365))
def test_the_question_comes_in_time_and_never_early(lasts, before):
    ends = NOON + lasts * DAY
    asks = asks_again_at(NOON, ends, days_before=before)
    assert NOON + (ends - NOON) * 2 / 3 <= asks < ends
    assert ends - asks <= before * DAY
