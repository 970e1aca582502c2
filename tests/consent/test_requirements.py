from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.policy.facts import Pack, country_of
from consent.policy.kinds import KINDS, Cap
from consent.policy.overrides import Override
from consent.policy.requirements import Requirements, evaluate, requirements
from consent.policy.windows import Hours, Windows
from tests.consent import policies
from tests.consent.policies import AT, default_pack, override, pack, stated, unhurried

NARROW = Windows((Hours(600, 660),) * 7, None)
LATE = Windows((Hours(720, 780),) * 7, None)
OWN = {
    "send_window": "windows",
    "frequency_cap": "caps",
    "optout_all": "opt_out_covers_all",
    "suppression_memory": "suppression_days",
    "child_age": "child_age",
    "refusal_age": "refuses_below",
    "majority_age": "majority_age",
    "consent_expiry": "consent_valid_days",
    "consent_reconfirm": "reconfirm_days",
    "inactivity_expiry": "inactive_days",
    "prefix": "prefixes",
    "required_words": "required_words",
    "forbidden_links": "forbids_links",
    "sender_registration": "needs_sender_registration",
}


def value_of(found: Requirements, kind: str) -> object:
    if kind == "optout_deadline":
        return (found.opt_out_seconds, found.opt_out_business_days)
    return getattr(found, OWN[kind])


def is_no_looser(found: Requirements, than: Requirements) -> bool:
    return all(
        KINDS[kind].strictest(value_of(found, kind), value_of(than, kind)) == value_of(found, kind)
        for kind in KINDS
    )


def shipped(*packs: Pack) -> dict[str, Pack]:
    return {one.jurisdiction: one for one in (default_pack(), *packs)}


def test_the_fields_are_all_compared() -> None:
    known = {*OWN.values(), "opt_out_seconds", "opt_out_business_days", "sources"}
    assert {field.name for field in fields(Requirements)} == known
    assert {*OWN, "optout_deadline"} == KINDS.keys()


@unhurried
@given(policies.packs, policies.jurisdictions, policies.jurisdictions, st.booleans())
def test_more_places_are_never_looser(
    packs: Mapping[str, Pack], some: frozenset[str], more: frozenset[str], is_service: bool
) -> None:
    kind = "service" if is_service else "marketing"
    both = evaluate(packs, (), some | more, at=AT, kind=kind)
    for part in (some, more):
        if part or not some | more:
            assert is_no_looser(both, evaluate(packs, (), part, at=AT, kind=kind))


@unhurried
@given(policies.packs, policies.jurisdictions.filter(bool))
def test_nothing_is_looser_than_any_single_fact(
    packs: Mapping[str, Pack], places: frozenset[str]
) -> None:
    found = evaluate(packs, (), places, at=AT)
    for code in places | {country_of(code) for code in places}:
        for fact in packs[code].facts if code in packs else ():
            if fact.is_about("marketing"):
                value = value_of(found, fact.kind)
                assert KINDS[fact.kind].strictest(value, fact.value) == value


@unhurried
@given(
    policies.packs, policies.jurisdictions, st.integers(0, 6), st.booleans(), st.integers(0, 1439)
)
def test_a_minute_is_open_only_where_every_window_is_open(
    packs: Mapping[str, Pack],
    places: frozenset[str],
    weekday: int,
    is_holiday: bool,
    minute: int,
) -> None:
    hours = evaluate(packs, (), places, at=AT).windows.on(weekday, is_holiday=is_holiday)
    if hours and hours.opens <= minute < hours.closes:
        for source in evaluate(packs, (), places, at=AT).sources:
            if source.kind == "send_window":
                single = source.value.on(weekday, is_holiday=is_holiday)
                assert single.opens <= minute < single.closes


@unhurried
@given(policies.packs, policies.jurisdictions, policies.overrides)
def test_nothing_loosens_but_what_an_override_speaks_of(
    packs: Mapping[str, Pack], places: frozenset[str], overrides: list[Override]
) -> None:
    with_them = evaluate(packs, overrides, places, at=AT)
    without = evaluate(packs, (), places, at=AT)
    touched = {one.kind for one in overrides}
    for kind in KINDS.keys() - touched:
        assert value_of(with_them, kind) == value_of(without, kind)
    own = {source.kind for source in with_them.sources if source.overridden_by}
    for kind in touched - own:
        assert value_of(with_them, kind) == value_of(without, kind)


@unhurried
@given(
    policies.packs, policies.jurisdictions, policies.overrides, st.randoms(use_true_random=False)
)
def test_order_does_not_matter(
    packs: Mapping[str, Pack], places: frozenset[str], overrides: list[Override], luck: object
) -> None:
    shuffled = list(packs.items())
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    again = {code: replace(one, facts=one.facts[::-1]) for code, one in shuffled}
    first = evaluate(packs, overrides, sorted(places), at=AT)
    second = evaluate(again, overrides[::-1], sorted(places, reverse=True), at=AT)
    assert replace(first, sources=()) == replace(second, sources=())
    assert set(first.sources) == set(second.sources)


@unhurried
@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_the_strictest_of_several_is_one_answer(data: st.DataObject, name: str) -> None:
    kind, values = KINDS[name], policies.VALUES[name]
    one, two, three = (kind.strictest(kind.nothing, data.draw(values)) for _each in range(3))
    answers = {
        kind.strictest(kind.strictest(a, b), c)
        for a, b, c in itertools.permutations((one, two, three))
    }
    assert len(answers) == 1
    assert kind.strictest(one, one) == one


def test_a_region_includes_its_country() -> None:
    packs = shipped(pack("US", stated("child_age", 13)), pack("US-FL", stated("child_age", 12)))
    found = evaluate(packs, (), {"US-FL"}, at=AT)
    assert found.child_age == 13
    assert {"US", "US-FL"} <= {source.jurisdiction for source in found.sources}


def test_an_unknown_place_has_the_default() -> None:
    packs = shipped(pack("FR", stated("child_age", 15)))
    unknown = evaluate(packs, (), (), at=AT)
    assert unknown == evaluate(packs, (), {"ZW"}, at=AT) == evaluate(packs, (), {"default"}, at=AT)
    assert unknown.child_age == 16


def test_a_place_that_may_be_unknown_country_is_as_strict_as_both() -> None:
    packs = shipped(pack("FR", stated("child_age", 13)))
    assert evaluate(packs, (), {"FR"}, at=AT).child_age == 13
    assert evaluate(packs, (), {"FR", "ZW"}, at=AT).child_age == 16


def test_what_a_country_does_not_speak_of_is_filled_up() -> None:
    found = evaluate(shipped(pack("FR", stated("child_age", 13))), (), {"FR"}, at=AT)
    assert found.windows == policies.MON_SAT
    assert found.caps == (Cap(3, 24),)


def test_an_empty_intersection_is_visible() -> None:
    packs = shipped(
        pack("FR", stated("send_window", NARROW)), pack("DE", stated("send_window", LATE))
    )
    assert evaluate(packs, (), {"FR", "DE"}, at=AT).windows.is_empty
    assert not evaluate(packs, (), {"FR"}, at=AT).windows.is_empty


@pytest.mark.parametrize(
    ("at", "raised", "lowered"),
    [
        ("2026-02-27T12:00", 13, 15),
        ("2026-02-28T09:59", 13, 15),
        ("2026-02-28T10:00", 15, 15),
        ("2026-03-01T11:59", 15, 15),
        ("2026-03-01T12:00", 15, 13),
        ("2027-01-01T00:00", 15, 13),
    ],
)
def test_facts_hold_from_and_until_their_dates(at: str, raised: int, lowered: int) -> None:
    turn = date(2026, 3, 1)
    moment = datetime.fromisoformat(at).replace(tzinfo=AT.tzinfo)
    for old, new, expected in ((13, 15, raised), (15, 13, lowered)):
        before = stated("child_age", old, effective_to=turn)
        after = stated("child_age", new, effective_from=turn)
        packs = shipped(pack("FR", before, after))
        assert evaluate(packs, (), {"FR"}, at=moment).child_age == expected


def test_what_is_said_of_service_texts_leaves_marketing_alone() -> None:
    packs = shipped(pack("FR", stated("frequency_cap", (Cap(1, 24),), applies_to="service")))
    assert evaluate(packs, (), {"FR"}, at=AT).caps == (Cap(3, 24),)
    assert evaluate(packs, (), {"FR"}, at=AT, kind="service").caps == (Cap(1, 24),)


def test_an_override_counts_in_its_own_jurisdiction_only() -> None:
    packs = shipped(pack("US", stated("child_age", 13)), pack("US-FL", stated("child_age", 18)))
    loose = (override("US-FL", "child_age", 0),)
    assert evaluate(packs, loose, {"US-FL"}, at=AT).child_age == 13
    assert evaluate(packs, loose, {"US", "FR"}, at=AT).child_age == 16
    assert evaluate(packs, loose, {"US-FL"}, at=AT, kind="service").child_age == 18


def test_an_override_of_the_default_counts_where_the_default_fills_in() -> None:
    packs = shipped(pack("FR", stated("child_age", 15)))
    loose = (override("default", "frequency_cap", (Cap(9, 24),)),)
    assert evaluate(packs, loose, {"FR"}, at=AT).caps == (Cap(9, 24),)


@pytest.mark.parametrize(
    ("text", "begins"),
    [("(광고) [AD] Hello", True), ("[QC](광고) Hello", True), ("[AD] Hello", False),
     ("Hello [AD] (광고)", False), ("", False)],
)  # fmt: skip
def test_a_text_begins_with_one_prefix_of_each_group(text: str, begins: bool) -> None:
    found = requirements(frozenset({"VN", "KR"}), at=AT, overrides=())
    assert found.begins_as_required(text) is begins
    assert requirements(frozenset({"GB"}), at=AT, overrides=()).begins_as_required(text)


def test_the_strictest_cap_keeps_those_it_implies() -> None:
    packs = shipped(pack("FR", stated("frequency_cap", (Cap(2, 48),))))
    found = evaluate(packs, (), {"FR", "ZW"}, at=AT)
    assert found.caps == (Cap(2, 48),)


def test_each_source_says_where_it_is_from() -> None:
    found = requirements(frozenset({"US-FL"}), at=AT, overrides=())
    (cap,) = [s for s in found.sources if (s.jurisdiction, s.kind) == ("US-FL", "frequency_cap")]
    assert cap.source.startswith("Florida Statutes")
    assert (cap.confidence, cap.read_on, cap.effective_from) == (
        "A", date(2026, 11, 22), date(2021, 7, 1),
    )  # fmt: skip
