"""Made-up packs, overrides and places for tests, by hand and by Hypothesis."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from consent.policy.facts import Fact, Pack
from consent.policy.kinds import Cap, Deadline
from consent.policy.overrides import Override
from consent.policy.windows import Hours, Windows

# A busy machine is no failure.
unhurried = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = date(2000, 1, 1)
ALL_YEAR = Hours(9 * 60, 20 * 60)
MON_SAT = Windows((ALL_YEAR,) * 6 + (None,), None)
CODES = ("US", "US-FL", "US-TX", "FR", "DE", "VN")


def stated(kind: str, value: Any, **fields: Any) -> Fact:
    """A fact of made-up law, for all texts, for good."""
    given = {
        "applies_to": "both",
        "source": "Made up",
        "read_on": LONG_AGO,
        "confidence": "A",
        "effective_from": LONG_AGO,
        **fields,
    }
    return Fact(kind=kind, value=value, **given)


def pack(code: str, *facts: Fact) -> Pack:
    return Pack(code, code, date(2030, 1, 1), facts)


def default_pack() -> Pack:
    return pack(
        "default",
        stated("send_window", MON_SAT),
        stated("frequency_cap", (Cap(3, 24),)),
        stated("optout_deadline", Deadline(86_400, 10)),
        stated("suppression_memory", None),
        stated("child_age", 16),
        stated("majority_age", 18),
    )


def override(code: str, kind: str, value: Any, applies_to: str = "marketing") -> Override:
    return Override(code, kind, applies_to, value, "A reason", "officer", AT)


hours = st.none() | st.tuples(st.integers(0, 95), st.integers(1, 96)).filter(
    lambda span: span[0] < span[1]
).map(lambda span: Hours(span[0] * 15, span[1] * 15))
windows = st.builds(Windows, st.tuples(*[hours] * 7), hours)
caps = st.lists(st.builds(Cap, st.integers(1, 9), st.integers(1, 200)), max_size=3).map(tuple)
words = st.lists(st.sampled_from(["STOP", "AD", "ADV"]), max_size=2, unique=True).map(
    lambda found: tuple(sorted(found))
)
ages = st.integers(0, 21)
lapses = st.none() | st.integers(1, 2_000)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "send_window": windows,
    "frequency_cap": caps,
    "optout_deadline": st.builds(Deadline, st.integers(1, 864_000), st.integers(0, 20)),
    "optout_all": st.booleans(),
    "suppression_memory": st.none() | st.integers(0, 9_000),
    "child_age": ages,
    "refusal_age": ages,
    "majority_age": ages,
    "consent_expiry": lapses,
    "consent_reconfirm": lapses,
    "inactivity_expiry": lapses,
    "prefix": words.map(lambda found: (found,) if found else ()),
    "required_words": words,
    "forbidden_links": st.booleans(),
    "sender_registration": st.booleans(),
}
facts = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.builds(
        stated,
        st.just(kind),
        VALUES[kind],
        applies_to=st.sampled_from(["marketing", "service", "both"]),
    )
)
jurisdictions = st.frozensets(st.sampled_from(CODES))


def _packs(found: dict[str, list[Fact]]) -> dict[str, Pack]:
    made = {code: pack(code, *some) for code, some in found.items()}
    return {"default": default_pack(), **made}


packs = st.dictionaries(st.sampled_from(CODES), st.lists(facts, max_size=6)).map(_packs)
kinds_and_values = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.tuples(st.just(kind), VALUES[kind])
)
overrides = st.lists(
    st.builds(
        lambda code, rule: override(code, *rule),
        st.sampled_from([*CODES, "default"]),
        kinds_and_values,
    ),
    max_size=3,
    unique_by=lambda one: (one.jurisdiction, one.kind),
)
