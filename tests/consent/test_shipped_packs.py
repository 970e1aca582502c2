from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from consent.policy.kinds import Cap
from consent.policy.packs import FOLDER, packs
from consent.policy.requirements import Requirements, requirements
from consent.policy.windows import clock

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def asked(*codes: str, at: datetime = AT, kind: str = "marketing") -> Requirements:
    return requirements(frozenset(codes), at=at, kind=kind, overrides=())


def hours(required: Requirements, weekday: int, *, is_holiday: bool = False) -> str:
    found = required.windows.on(weekday, is_holiday=is_holiday)
    return f"{clock(found.opens)}-{clock(found.closes)}" if found else "none"


def test_every_file_is_a_pack_and_there_are_at_least_sixty() -> None:
    assert len(packs()) == len(list(FOLDER.glob("*.toml"))) >= 60


def test_no_shipped_pack_leaves_the_person_without_any_hour() -> None:
    for code in packs():
        assert not asked(code).windows.is_empty, code


def test_what_is_only_common_knowledge_says_so() -> None:
    for pack in packs().values():
        for fact in pack.facts:
            assert fact.needs_review == (fact.confidence == "C")
            assert fact.read_on <= date(2026, 11, 24)
            assert "://" not in f"{fact.source}{fact.note}{pack.note}"


@pytest.mark.parametrize(
    ("code", "monday", "saturday", "sunday", "holiday"),
    [
        ("default", "09:00-20:00", "09:00-20:00", "none", "none"),
        ("US", "08:00-21:00", "08:00-21:00", "08:00-21:00", "08:00-21:00"),
        ("US-TX", "09:00-21:00", "09:00-21:00", "12:00-21:00", "09:00-21:00"),
        ("US-FL", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"),
        ("US-RI", "09:00-18:00", "10:00-17:00", "none", "none"),
        ("US-CT", "09:00-20:00", "09:00-20:00", "09:00-20:00", "09:00-20:00"),
        ("ZA", "08:00-20:00", "09:00-13:00", "none", "none"),
        ("IN", "10:00-21:00", "10:00-21:00", "10:00-21:00", "10:00-21:00"),
        ("AE", "07:00-21:00", "07:00-21:00", "07:00-21:00", "07:00-21:00"),
        ("VN", "07:00-22:00", "07:00-22:00", "07:00-22:00", "07:00-22:00"),
        ("GB", "09:00-20:00", "09:00-20:00", "none", "none"),
        ("ZW", "09:00-20:00", "09:00-20:00", "none", "none"),
    ],
)
def test_the_hours_of_a_jurisdiction(
    code: str, monday: str, saturday: str, sunday: str, holiday: str
) -> None:
    found = asked(code)
    on = [hours(found, 0), hours(found, 5), hours(found, 6), hours(found, 0, is_holiday=True)]
    assert on == [monday, saturday, sunday, holiday]


def test_france_changed_its_hours_in_2026() -> None:
    before = asked("FR", at=datetime(2026, 2, 20, tzinfo=UTC))
    after = asked("FR", at=datetime(2026, 3, 20, tzinfo=UTC))
    assert (hours(before, 0), hours(before, 6)) == ("08:00-20:00", "none")
    assert (hours(after, 0), hours(after, 6)) == ("08:00-21:30", "08:00-21:30")


def test_while_a_day_turns_somewhere_on_earth_both_rules_hold() -> None:
    turning = asked("FR", at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    assert (hours(turning, 0), hours(turning, 6)) == ("08:00-20:00", "none")
    over = asked("FR", at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert hours(over, 0) == "08:00-21:30"


@pytest.mark.parametrize(
    ("code", "age"),
    [
        ("GB", 13), ("SE", 13), ("AT", 14), ("ES", 14), ("DK", 15), ("FR", 15), ("NO", 15),
        ("SI", 15), ("DE", 16), ("IE", 16), ("CH", 16), ("KR", 14), ("CA", 13), ("CA-QC", 14),
        ("AU", 15), ("IN", 18), ("ZA", 18), ("BR", 18), ("ZW", 16),
    ],
)  # fmt: skip
def test_the_age_below_which_a_guardian_agrees(code: str, age: int) -> None:
    assert asked(code).child_age == age


def test_the_danish_age_was_raised_in_2024() -> None:
    assert asked("DK", at=datetime(2023, 12, 1, tzinfo=UTC)).child_age == 13
    assert asked("DK", at=datetime(2024, 2, 1, tzinfo=UTC)).child_age == 15


def test_below_thirteen_nobody_signs_up_in_the_united_states() -> None:
    assert (asked("US-VA").refuses_below, asked("DE").refuses_below) == (13, 0)
    assert asked("PR").refuses_below == 13


def test_french_rules_reach_overseas() -> None:
    assert asked("RE").inactive_days == asked("FR").inactive_days


@pytest.mark.parametrize("code", ["US-FL", "US-OK", "US-MD", "VN"])
def test_three_texts_a_day_are_the_most(code: str) -> None:
    assert Cap(3, 24) in asked(code).caps


def test_whoever_has_no_cap_has_the_defaults() -> None:
    assert asked("DE").caps == asked("ZW").caps == asked().caps == (Cap(3, 24), Cap(4, 168))


def test_deadlines_memory_and_lapses() -> None:
    assert asked("AU").opt_out_business_days == asked("NZ").opt_out_business_days == 5
    assert (asked("ZA").opt_out_business_days, asked().opt_out_business_days) == (0, 10)
    assert (asked("US-VA").suppression_days, asked("DE").suppression_days) == (3653, None)
    assert (asked("KR").reconfirm_days, asked("US").reconfirm_days) == (730, None)
    assert (asked("FR").inactive_days, asked("US").inactive_days) == (1095, None)


def test_what_a_text_must_say() -> None:
    assert asked("VN").prefixes == (("[AD]", "[QC]"),)
    assert asked("KR").prefixes == (("(광고)",),)
    assert asked("KR").required_words == ("무료수신거부",)
    assert (asked("AE").forbids_links, asked("AE").needs_sender_registration) == (True, True)
    assert not asked("GB").forbids_links


def test_service_texts_have_hours_but_no_cap() -> None:
    found = asked("DE", kind="service")
    assert (hours(found, 6), found.caps) == ("08:00-21:00", ())
    assert asked("VN", kind="service").prefixes == ()
