from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.numbers import UnusableNumber, country_of, is_fictional, mask, parse


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("07700 900123", "GB", "+447700900123"),
        ("+44 (0)7700 900123", "US", "+447700900123"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("07911 123456", "GB", "+447911123456"),
    ],
)
def test_it_reads_what_people_type(text, country, e164):
    assert parse(text, country=country) == e164


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "unreadable"), ("hello", "unreadable"), ("07700 900123 ext. 5", "extension"),
        ("123", "impossible"),
        ("+44 7700 90012", "impossible"), ("020 7946 0018", "landline"),
        ("0800 123 4567", "toll_free"), ("0906 123 4567", "premium"), ("\x00" * 20, "unreadable"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_with_a_number(text, code):
    with pytest.raises(UnusableNumber) as refused:
        parse(text, country="GB")
    assert refused.value.code == code


def test_it_takes_only_the_countries_of_the_form():
    with pytest.raises(UnusableNumber) as refused:
        parse("+33 6 39 98 00 01", country="GB", countries=["GB"])
    assert refused.value.code == "country"


def test_numbers_of_fiction_exist_in_the_demo_only(settings):
    assert is_fictional("+447700900123")
    settings.DEMO = False
    with pytest.raises(UnusableNumber):
        parse("+447700900123", country="GB")


def test_it_shows_only_the_last_two_digits():
    assert mask("+447700900123") == "+44 ••••••••23"
    assert country_of("+12125550123") == "US"


@given(st.text(max_size=60))
def test_no_text_is_answered_with_anything_but_a_number_or_a_reason(text):
    try:
        assert parse(text, country="GB").startswith("+")
    except UnusableNumber as refused:
        reason = str(refused)
    else:
        reason = "none"
    assert reason.isidentifier()
