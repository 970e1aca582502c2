from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.checks import run_checks

from consent import checks
from consent.policy import packs as policy_packs
from consent.policy.facts import UnreadablePacks
from consent.policy.kinds import KINDS, Cap
from consent.policy.packs import load_packs, packs, read_pack, stale_packs
from consent.policy.requirements import evaluate
from consent.policy.windows import Hours
from consent.policy.words import NAMES

HEAD = 'jurisdiction = "US-FL"\nname = "Florida"\nreview_by = 2027-11-30\n'
FACT = {
    "kind": '"frequency_cap"',
    "value": "[{ texts = 3, hours = 24 }]",
    "applies_to": '"marketing"',
    "source": '"Florida Statutes"',
    "read_on": "2026-11-22",
    "confidence": '"A"',
    "effective_from": "2021-07-01",
}
WINDOW = {**FACT, "kind": '"send_window"'}


def fact(base: dict[str, str] = FACT, /, **fields: str | None) -> str:
    given = {**base, **fields}
    rows = [f"{name} = {value}" for name, value in given.items() if value is not None]
    return "\n".join(["[[facts]]", *rows, ""])


def problems(*facts: str, head: str = HEAD, file: str = "us-fl.toml") -> list[str]:
    try:
        read_pack(file, (head + "\n".join(facts)).encode())
    except UnreadablePacks as broken:
        return list(broken.problems)
    return []


def test_a_sound_pack_is_read() -> None:
    assert problems(fact(), fact(WINDOW, value='{ all = "08:00-20:00", holiday = "as_day" }')) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "[{ texts = 3 }]"}, 'field "value[0].hours": is missing'),
        ({"value": '[{ texts = "3", hours = 24 }]'}, 'field "value[0].texts": must be a whole'),
        ({"value": "[{ texts = true, hours = 24 }]"}, 'field "value[0].texts": must be a whole'),
        ({"value": "[{ texts = 0, hours = 24 }]"}, 'field "value[0].texts": must be from 1'),
        ({"value": "[{ texts = 3, hours = 24, days = 1 }]"}, 'field "value[0].days": is not known'),
        ({"value": "3"}, 'field "value": must be a list of caps'),
        ({"value": None}, 'field "value": is missing'),
        ({"source": None}, 'field "source": is missing'),
        ({"source": '" "'}, 'field "source": must be words'),
        ({"read_on": None}, 'field "read_on": is missing'),
        ({"read_on": '"2026-11-22"'}, 'field "read_on": must be a date'),
        ({"read_on": "2026-11-22T10:00:00"}, 'field "read_on": must be a date'),
        ({"confidence": None}, 'field "confidence": is missing'),
        ({"confidence": '"D"'}, 'field "confidence": must be one of A, B, C'),
        ({"applies_to": '"everyone"'}, 'field "applies_to": must be one of marketing'),
        ({"kind": '"quiet_hours"'}, 'field "kind": must be one of send_window'),
        ({"effective_from": None}, 'field "effective_from": is missing'),
        ({"effective_to": "2021-07-01"}, 'field "effective_to": must be later'),
        ({"until": "2027-01-01"}, 'field "until": is not known'),
    ],
)  # fmt: skip
def test_a_broken_fact_is_named_with_file_place_and_field(
    fields: dict[str, str | None], said: str
) -> None:
    (problem,) = problems(fact(WINDOW, value='{ all = "none", holiday = "none" }'), fact(**fields))
    kind = fields.get("kind", '"frequency_cap"') or ""
    assert problem.startswith(f"us-fl.toml, fact 2 ({kind.strip(chr(34))}), ")
    assert said in problem


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{ all = "20:00-08:00", holiday = "none" }', 'field "all": must end after it begins'),
        ('{ all = "08:00-08:00", holiday = "none" }', 'field "all": must end after it begins'),
        ('{ all = "08:00-24:01", holiday = "none" }', 'field "all": must end by 24:00'),
        ('{ all = "08:00-25:00", holiday = "none" }', 'field "all": must end by 24:00'),
        ('{ all = "08:60-20:00", holiday = "none" }', 'field "all": must end by 24:00'),
        ('{ all = "8-20", holiday = "none" }', 'field "all": must be like'),
        ('{ all = 8, holiday = "none" }', 'field "all": must be like'),
        ('{ all = "08:00-20:00" }', 'field "holiday": is missing'),
        ('{ mon_fri = "08:00-20:00", holiday = "none" }', 'field "sat": is missing'),
        ('{ all = "08:00-20:00", sun = "none", holiday = "none" }', "says sun a second time"),
        ('{ all = "08:00-20:00", public = "none", holiday = "none" }', 'field "public": is not'),
        ('"08:00-20:00"', 'field "value": must be a table'),
    ],
)
def test_an_impossible_window_is_refused(value: str, said: str) -> None:
    (problem,) = problems(fact(WINDOW, value=value))
    assert problem.startswith("us-fl.toml, fact 1 (send_window), ")
    assert said in problem


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("child_age", "{ age = -1 }"),
        ("child_age", "16"),
        ("consent_expiry", "{ days = 0 }"),
        ("consent_reconfirm", '"sometimes"'),
        ("suppression_memory", "{ years = 1.5 }"),
        ("prefix", '"[AD]"'),
        ("prefix", '[" [AD]"]'),
        ("required_words", "[3]"),
        ("forbidden_links", '"yes"'),
        ("optout_deadline", "{ seconds = 60 }"),
        ("optout_deadline", "{ seconds = 60, business_days = -1 }"),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused(kind: str, value: str) -> None:
    (problem,) = problems(fact(kind=f'"{kind}"', value=value))
    assert problem.startswith(f'us-fl.toml, fact 1 ({kind}), field "')


@pytest.mark.parametrize(
    ("first", "second", "meets"),
    [
        ({}, {}, True),
        ({"effective_to": "2026-03-01"}, {"effective_from": "2026-03-01"}, False),
        ({"effective_to": "2026-03-02"}, {"effective_from": "2026-03-01"}, True),
        ({"applies_to": '"service"'}, {}, False),
        ({"applies_to": '"both"'}, {}, True),
        ({}, {"applies_to": '"both"'}, True),
        ({"kind": '"child_age"', "value": "{ age = 13 }"}, {}, False),
    ],
)
def test_facts_of_one_kind_do_not_overlap(
    first: dict[str, str], second: dict[str, str], meets: bool
) -> None:
    found = problems(fact(**first), fact(**second))
    said = 'us-fl.toml, fact 2 (frequency_cap), field "effective_from": overlaps with fact 1.'
    assert found == ([said] if meets else [])


@pytest.mark.parametrize(
    "code", ["UK", "USA", "us", "US-FLA", "US-ZZ", "FL", "XX-FL", "", "DEFAULT"]
)
def test_a_code_of_no_jurisdiction_is_refused(code: str) -> None:
    head = HEAD.replace("US-FL", code)
    (problem,) = problems(fact(), head=head)
    assert problem.startswith('us-fl.toml, field "jurisdiction": must be a country or region')


def test_a_file_is_named_after_its_jurisdiction() -> None:
    assert problems(fact(), file="us-ga.toml") == [
        'us-ga.toml, field "jurisdiction": is US-FL, unlike the name.'
    ]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (HEAD.replace('name = "Florida"\n', ""), 'us-fl.toml, field "name": is missing.'),
        (HEAD.replace("2027-11-30", "2027"), 'us-fl.toml, field "review_by": must be a date'),
        (HEAD + "currency = 3\n", 'us-fl.toml, field "currency": is not known.'),
        (HEAD + 'note = ""\n', 'us-fl.toml, field "note": must be words.'),
    ],
)
def test_what_stands_above_the_facts_is_checked_too(head: str, said: str) -> None:
    (problem,) = problems(fact(), head=head)
    assert problem.startswith(said)


def test_broken_toml_is_named_with_its_line() -> None:
    (problem,) = problems(fact(), head='jurisdiction = "US-FL"\nname = Florida\n')
    assert problem.startswith("us-fl.toml: ")
    assert "line 2" in problem


@pytest.mark.parametrize("content", [b"\xff\xfe", HEAD.encode(), HEAD.encode() + b"facts = []"])
def test_a_file_without_facts_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadablePacks, match=r"^us-fl\.toml"):
        read_pack("us-fl.toml", content)


def test_every_problem_of_every_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "us-fl.toml").write_text(HEAD + fact(source=None, confidence=None))
    (tmp_path / "fr.toml").write_text("jurisdiction =")
    with pytest.raises(UnreadablePacks) as broken:
        load_packs(tmp_path)
    assert [problem.split(",")[0].split(":")[0] for problem in broken.value.problems] == [
        "fr.toml", "us-fl.toml", "us-fl.toml",
    ]  # fmt: skip


def test_the_default_answers_what_others_are_filled_up_from(tmp_path: Path) -> None:
    head = HEAD.replace("US-FL", "default")
    (tmp_path / "default.toml").write_text(head + fact())
    with pytest.raises(UnreadablePacks, match="must say child_age for marketing, for good"):
        load_packs(tmp_path)
    (tmp_path / "default.toml").unlink()
    with pytest.raises(UnreadablePacks, match=r"default\.toml is missing"):
        load_packs(tmp_path)


def test_a_broken_pack_refuses_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "us-fl.toml").write_text(HEAD + fact(source=None))
    monkeypatch.setattr(checks, "FOLDER", tmp_path)
    (error,) = [found for found in run_checks() if found.id == "consent.E010"]
    assert error.msg == 'us-fl.toml, fact 1 (frequency_cap), field "source": is missing.'
    assert error.is_serious()


def test_a_pack_that_nobody_reviewed_in_time_is_stale() -> None:
    florida = packs()["US-FL"]
    assert stale_packs([florida], on=florida.review_by) == []
    assert stale_packs([florida], on=florida.review_by + timedelta(days=1)) == [florida]


def test_a_stale_pack_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in policy_packs.FOLDER.glob("default.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    old = HEAD.replace("2027-11-30", str(date(2020, 1, 1)))
    (tmp_path / "us-fl.toml").write_text(old + fact())
    monkeypatch.setattr(checks, "FOLDER", tmp_path)
    (warned,) = [f for f in run_checks() if f.id == "consent.W010" and "us-fl" in f.msg]
    assert warned.msg == "us-fl.toml was to be reviewed by 2020-01-01."
    assert not warned.is_serious()


def test_a_jurisdiction_is_added_by_one_file_as_the_documentation_shows(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "adding-a-jurisdiction.md").read_text()
    (tmp_path / "default.toml").write_bytes((policy_packs.FOLDER / "default.toml").read_bytes())
    (tmp_path / "ke.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    found = evaluate(load_packs(tmp_path), (), {"KE"}, at=datetime(2026, 11, 24, tzinfo=UTC))
    assert found.windows.on(0, is_holiday=False) == Hours(8 * 60, 19 * 60)
    assert found.caps == (Cap(2, 24),)
    assert found.child_age == 16


def test_every_kind_is_explained_where_packs_are_written() -> None:
    page = (Path(__file__).parents[2] / "docs" / "adding-a-jurisdiction.md").read_text()
    assert {kind for kind in KINDS if f"| `{kind}` |" not in page} == set()
    assert KINDS.keys() == NAMES.keys()
