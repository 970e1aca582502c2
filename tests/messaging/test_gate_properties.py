"""For random people, places and times: what the gate allows, the law of every place allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.policy.calendars import HolidayCalendar
from consent.policy.packs import packs
from consent.policy.requirements import evaluate
from messaging import gate
from messaging.models import MessageKind
from messaging.places import Places
from messaging.rules import Frequency, SendFacts
from subscribers.zones import whereabouts

ZONES = [
    "", "Europe/London", "Europe/Paris", "America/Chicago", "Asia/Kolkata", "Asia/Seoul",
    "Africa/Johannesburg", "Australia/Lord_Howe", "Pacific/Kiritimati", "No/Where",
]  # fmt: skip
PLACES = [
    ("", "", ""), ("GB", "GB", ""), ("FR", "FR", ""), ("US", "+1850", ""), ("US", "+1308", ""),
    ("US", "+1212", "US-TX"), ("US", "+1800", ""), ("CA", "+1867", ""), ("BR", "+5592", ""),
    ("RU", "RU", ""), ("IN", "IN", ""), ("ZA", "ZA", ""), ("KR", "KR", ""), ("VN", "VN", ""),
    ("AU", "AU", "AU-NSW"), ("XX", "XX", ""),
]  # fmt: skip
# Some of the hours at which clocks jump, and a leap day.
TURNS = [
    datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC),
]  # fmt: skip
moments = st.one_of(
    st.datetimes(datetime(2026, 4, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.builds(
        lambda turn, minutes: turn + timedelta(minutes=minutes),
        st.sampled_from(TURNS),
        st.integers(-900, 900),
    ),
)


def facts_for(place: object, at: datetime, sent: list[datetime]) -> SendFacts:
    return SendFacts(
        at=at, consented=True, promised=Frequency(100, 1), provenance_known=True,
        campaign_runs=True, approval_holds=True, sender_reaches_country=True,
        sender_is_registered=True, hours=place.hours, caps=place.caps,
        campaign_texts_at=tuple(sorted(sent)),
    )  # fmt: skip


@settings(max_examples=300)
@given(
    time_zone=st.sampled_from(ZONES),
    place=st.sampled_from(PLACES),
    at=moments,
    hours_ago=st.lists(st.floats(0.1, 200), max_size=6),
)
def test_nothing_goes_outside_any_window_or_over_any_cap(time_zone, place, at, hours_ago):
    country, number_area, region = place
    person = {
        "time_zone": time_zone, "country": country, "number_area": number_area, "region": region
    }  # fmt: skip
    found = Places(at, overrides=()).of(person, MessageKind.MARKETING)
    sent = [at - timedelta(hours=each) for each in hours_ago]
    said = gate.objections(MessageKind.MARKETING, facts_for(found, at, sent))
    again_at = gate.retry_at(said) if said else at
    if again_at is None:
        return
    # What may go now, or from a later moment on, keeps every law at that moment.
    later = Places(again_at, overrides=()).of(person, MessageKind.MARKETING)
    if gate.objections(MessageKind.MARKETING, facts_for(later, again_at, sent)):
        return
    where = whereabouts(**person)
    assert where.zones
    for jurisdiction in where.jurisdictions:
        asked = evaluate(packs(), (), {jurisdiction}, at=again_at)
        holidays = HolidayCalendar(frozenset({jurisdiction}))
        for zone in where.zones:
            local = again_at.astimezone(ZoneInfo(zone))
            is_holiday = holidays.is_holiday(local.date())
            hours = asked.windows.on(local.weekday(), is_holiday=is_holiday)
            assert hours is not None
            assert hours.opens <= local.hour * 60 + local.minute < hours.closes
        for cap in asked.caps:
            recent = [each for each in sent if each > again_at - timedelta(hours=cap.hours)]
            assert len(recent) < cap.texts


@given(at=moments)
def test_without_a_standing_yes_nothing_ever_goes(at):
    person = {"time_zone": "", "country": "GB", "number_area": "GB", "region": ""}
    found = Places(at, overrides=()).of(person, MessageKind.MARKETING)
    facts = replace(facts_for(found, at, []), consented=False)
    said = gate.objections(MessageKind.MARKETING, facts)
    assert "consent_missing" in {objection.code for objection in said}
    assert gate.retry_at(said) is None


@given(at=moments, area=st.sampled_from(["+1800", "+1900", ""]))
def test_toll_free_and_unknown_numbers_have_no_hour(at, area):
    person = {"time_zone": "", "country": "", "number_area": area, "region": ""}
    found = Places(at, overrides=()).of(person, MessageKind.MARKETING)
    said = gate.objections(MessageKind.MARKETING, facts_for(found, at, []))
    assert "outside_hours" in {objection.code for objection in said}
