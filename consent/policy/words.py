"""A jurisdiction's rules in plain words: for `manage.py policy` and the pages of staff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.policy.facts import Fact, Pack, country_of
from consent.policy.kinds import KINDS
from consent.policy.overrides import Override, live_overrides
from consent.policy.packs import packs
from consent.policy.requirements import Question, Requirements, Source, answers, required
from consent.policy.windows import WHOLE_DAY, Hours, Windows

WEEKDAYS = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
CONFIDENCES = {
    "A": gettext_lazy("A, the official text was read"),
    "B": gettext_lazy("B, a secondary source was read"),
    "C": gettext_lazy("C, common knowledge, to be reviewed"),
}
NAMES = {
    "send_window": gettext_lazy("hours"),
    "frequency_cap": gettext_lazy("how often"),
    "optout_deadline": gettext_lazy("how fast a no counts"),
    "optout_all": gettext_lazy("a no is a no to everything"),
    "suppression_memory": gettext_lazy("a no is remembered for at least"),
    "child_age": gettext_lazy("a guardian agrees below"),
    "refusal_age": gettext_lazy("nobody signs up below"),
    "majority_age": gettext_lazy("of age at"),
    "consent_expiry": gettext_lazy("a yes lapses"),
    "consent_reconfirm": gettext_lazy("a yes is asked for again"),
    "inactivity_expiry": gettext_lazy("a yes lapses when nothing was heard"),
    "prefix": gettext_lazy("a text begins with"),
    "required_words": gettext_lazy("a text contains"),
    "forbidden_links": gettext_lazy("links are forbidden"),
    "sender_registration": gettext_lazy("senders are registered"),
}


@dataclass(frozen=True)
class Line:
    """One fact, said: `rule` is what it is about, `says` what it asks, `basis` why, and since when.

    `is_overriding`: set here in place of a shipped rule.
    """

    jurisdiction: str
    kind: str
    rule: str
    says: str
    basis: str
    note: str
    is_overriding: bool = False


@dataclass(frozen=True)
class Explanation:
    """Everything that counts for some jurisdictions together, and what does not count now."""

    requirements: Requirements
    hours: list[tuple[str, str]]
    counting: list[Line]
    not_now: list[Line]
    set_aside: list[Line]
    stale: list[Pack]
    notes: list[tuple[str, str]]
    without_pack: list[str]


def explain(jurisdictions: frozenset[str], *, at: datetime, kind: str) -> Explanation:
    """What counts at `at` for texts of `kind`, and why."""
    question = Question.at(at, kind)
    overrides = live_overrides(at=at)
    asked = required(jurisdictions, overrides, question)
    codes = _codes(jurisdictions, asked)
    involved = [packs()[code] for code in sorted(codes & packs().keys())]
    return Explanation(
        requirements=asked,
        hours=list(hours_by_day(asked.windows)),
        counting=[line_of(source) for source in asked.sources],
        not_now=list(_not_now(involved, question)),
        set_aside=list(_set_aside(codes, overrides, question)),
        stale=[pack for pack in involved if pack.is_stale(at.astimezone(UTC).date())],
        notes=[(pack.name, pack.note) for pack in involved if pack.note],
        without_pack=sorted({country_of(code) for code in jurisdictions} - packs().keys()),
    )


def _codes(jurisdictions: frozenset[str], asked: Requirements) -> set[str]:
    """All that are asked about, their countries, and "default" where it fills in."""
    countries = {country_of(code) for code in jurisdictions}
    return {*jurisdictions, *countries, *(source.jurisdiction for source in asked.sources)}


def hours_by_day(windows: Windows) -> Iterator[tuple[str, str]]:
    """("Monday", "08:00-20:00"), …, and what holidays change."""
    for name, hours in zip(WEEKDAYS, windows.days, strict=True):
        yield str(name), _hours(hours)
    yield (
        _("Holidays"),
        _("as the day") if windows.holiday == WHOLE_DAY else _hours(windows.holiday),
    )


def _hours(hours: Hours | None) -> str:
    return str(hours) if hours else _("none")


def line_of(source: Source) -> Line:
    return Line(
        jurisdiction=source.jurisdiction,
        kind=source.kind,
        rule=str(NAMES[source.kind]),
        says=KINDS[source.kind].words(source.value),
        basis=_override_basis(source) if source.overridden_by else basis_of(source),
        note=source.note,
        is_overriding=bool(source.overridden_by),
    )


def _override_basis(source: Source) -> str:
    return _("Set here by %(who)s since %(day)s: %(reason)s") % {
        "who": source.overridden_by,
        "day": _day(source.effective_from),
        "reason": source.source,
    }


def basis_of(fact: Fact | Source) -> str:
    """Source, day read, confidence, and from and until when."""
    return _("%(source)s. Read on %(read)s; confidence %(confidence)s. %(period)s") % {
        "source": fact.source,
        "read": _day(fact.read_on),
        "confidence": CONFIDENCES[fact.confidence],
        "period": _period(fact),
    }


def _period(fact: Fact | Source) -> str:
    if fact.effective_to is None:
        return _("Holds since %(day)s.") % {"day": _day(fact.effective_from)}
    return _("Holds from %(first)s until before %(end)s.") % {
        "first": _day(fact.effective_from),
        "end": _day(fact.effective_to),
    }


def _day(day: date) -> str:
    return date_format(day, "Y-m-d")


def _of_fact(pack: Pack, fact: Fact) -> Line:
    return Line(
        jurisdiction=pack.jurisdiction,
        kind=fact.kind,
        rule=str(NAMES[fact.kind]),
        says=KINDS[fact.kind].words(fact.value),
        basis=basis_of(fact),
        note=fact.note,
    )


def _not_now(involved: list[Pack], question: Question) -> Iterator[Line]:
    """What these packs say of another time; of the default, only what would count is told."""
    for pack in involved:
        for fact in pack.facts:
            if fact.is_about(question.kind) and not question.is_answered_by(fact):
                yield _of_fact(pack, fact)


def _set_aside(
    codes: set[str], overrides: tuple[Override, ...], question: Question
) -> Iterator[Line]:
    """What would count if nothing were overridden."""
    for override in overrides:
        if override.applies_to == question.kind and override.jurisdiction in codes:
            shipped = answers(packs(), (), override.jurisdiction, override.kind, question)
            yield from (line_of(source) for source in shipped)
