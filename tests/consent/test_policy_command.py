from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from consent.operations.policy import override_policy
from governance.roles import PRIVACY_OFFICER
from tests import cast

pytestmark = pytest.mark.django_db


def said(*words: str) -> str:
    out = StringIO()
    call_command("policy", *words, stdout=out)
    return out.getvalue()


def test_it_says_every_fact_with_its_source() -> None:
    told = said("US-FL", "--at", "2026-11-24T12:00")
    assert told.startswith("Florida (US-FL): marketing texts on 2026-11-24 12:00 UTC")
    assert "Monday     08:00-20:00" in told
    assert "Holidays   as the day" in told
    assert "hours: mon-sun 08:00-20:00, holidays as the day" in told
    assert "how fast a no counts: 60 seconds aimed at, 10 business days at most" in told
    assert "how often: at most 3 within 24 hours" in told
    assert "US-FL. Florida Statutes 501.616(6)" in told
    assert "Read on 2026-11-22; confidence A, the official text was read." in told
    assert "Holds since 2021-07-01." in told
    assert "United States: Review on 2027-01-31" in told


@pytest.mark.parametrize(
    ("at", "sunday"), [("2026-02-01", "Sunday     none"), ("2026-11-24", "Sunday     08:00-21:30")]
)
def test_it_speaks_of_the_time_asked_for(at: str, sunday: str) -> None:
    told = said("fr", "--at", at)
    assert sunday in told
    assert "At another time:" in told
    assert "Holds from 2018-05-25 until before 2026-03-01." in told


def test_several_are_taken_together() -> None:
    told = said("US-TX", "IN", "--at", "2026-11-24")
    assert "Monday     10:00-21:00" in told
    assert "Sunday     12:00-21:00" in told


def test_hours_without_a_minute_in_common_are_an_error_to_be_seen() -> None:
    officer = cast.staff("officer", PRIVACY_OFFICER)
    late = {"all": "21:00-23:00", "holiday": "none"}
    override_policy(
        actor=officer, jurisdiction="IN", kind="send_window", value=late, reason="Test",
        at=cast.NOON,
    )  # fmt: skip
    told = said("US-TX", "IN", "--at", "2026-11-24")
    assert "NOTHING MAY EVER BE SENT" in told
    assert "Set here by officer since 2026-11-02: Test" in told
    assert "Set aside here:\n  hours: mon-sun 10:00-21:00, holidays as the day" in told


def test_a_country_without_a_pack_is_said_to_have_the_default() -> None:
    assert "There is no pack for ZW: the default counts." in said("ZW", "--at", "2026-11-24")


def test_a_stale_pack_is_said_to_be_stale() -> None:
    told = said("US", "--at", "2027-06-01")
    assert "STALE: United States was to be reviewed by 2027-01-31." in told
    assert "STALE" not in said("US", "--at", "2026-12-01")


def test_service_texts_have_rules_of_their_own() -> None:
    told = said("VN", "--service", "--at", "2026-11-24")
    assert "service texts" in told
    assert "[QC]" not in told


@pytest.mark.parametrize("code", ["UK", "Narnia", "US-ZZ", "../etc"])
def test_an_unknown_place_is_refused(code: str) -> None:
    with pytest.raises(CommandError, match="is no code of a country or region"):
        said(code)


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_an_impossible_time_is_refused(at: str) -> None:
    with pytest.raises(CommandError, match=f"--at {at}"):
        said("FR", "--at", at)
