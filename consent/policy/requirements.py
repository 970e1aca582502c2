"""What all jurisdictions a person may be in ask of a text, taken together.

The strictest answer of every one counts: windows are intersected, caps and deadlines are the
smallest, ages and memories the largest, required words are united. Nothing here loosens a
shipped rule but an `Override`, which staff made with a reason and a name.

A region brings its country along. A country without a pack has the default pack's facts, and
one whose pack does not speak of a kind has the default pack's facts of that kind.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from consent.policy.facts import DEFAULT, Fact, Pack, country_of
from consent.policy.kinds import KINDS, Cap
from consent.policy.overrides import Override, live_overrides
from consent.policy.packs import packs
from consent.policy.windows import Windows

# Somewhere on Earth it is a date for this long before and after it is one in UTC.
EARLIEST, LATEST = timedelta(hours=-12), timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Source:
    """One fact that counted, and why it may be believed. `value` is as `Kind.parse` made it."""

    jurisdiction: str
    kind: str
    value: Any
    source: str
    read_on: date
    confidence: str
    effective_from: date
    effective_to: date | None
    note: str = ""
    # Who set it in place of the shipped rule; `source` is then their reason.
    overridden_by: str = ""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What holds for one moment and one kind of text; periods in the unit of their name.

    `refuses_below` is the age below which nobody may sign up at all, `child_age` the one below
    which a guardian must agree; 0 is no limit. `consent_valid_days`, `reconfirm_days` and
    `inactive_days` are None where nothing lapses; `suppression_days` is the least a no must be
    remembered, None for ever. A text begins with one of each group of `prefixes`, in any order.
    """

    windows: Windows
    caps: tuple[Cap, ...]
    opt_out_seconds: int
    opt_out_business_days: int
    opt_out_covers_all: bool
    child_age: int
    refuses_below: int
    majority_age: int
    consent_valid_days: int | None
    reconfirm_days: int | None
    inactive_days: int | None
    suppression_days: int | None
    prefixes: tuple[tuple[str, ...], ...]
    required_words: tuple[str, ...]
    forbids_links: bool
    needs_sender_registration: bool
    sources: tuple[Source, ...] = ()

    def begins_as_required(self, text: str) -> bool:
        """`text` starts with one prefix of every group, whatever their order."""
        return _begins(text, self.prefixes)


def _begins(text: str, groups: tuple[tuple[str, ...], ...]) -> bool:
    if not groups:
        return True
    for place, choices in enumerate(groups):
        others = groups[:place] + groups[place + 1 :]
        for prefix in choices:
            rest = text.removeprefix(prefix)
            if rest != text and _begins(rest.lstrip(), others):
                return True
    return False


@dataclass(frozen=True, slots=True)
class Question:
    """For which kind of text, and the dates it is now, anywhere on Earth.

    Facts do not say in whose midnight they begin. While a day turns, the old and the new hold.
    """

    kind: str
    first_date: date
    last_date: date

    @classmethod
    def at(cls, at: datetime, kind: str) -> Question:
        utc = at.astimezone(UTC)
        return cls(kind, (utc + EARLIEST).date(), (utc + LATEST).date())

    def is_answered_by(self, fact: Fact) -> bool:
        begun = fact.effective_from <= self.last_date
        return begun and fact.ends_after(self.first_date) and fact.is_about(self.kind)


def requirements(
    jurisdictions: frozenset[str],
    *,
    at: datetime,
    kind: str = "marketing",
    overrides: tuple[Override, ...] | None = None,
) -> Requirements:
    """What counts at `at`, by the shipped packs and the live overrides; none known: the default.

    Overrides are read from the database, so that a new one counts at once in every process.
    Whoever asks for many people reads them once (`live_overrides`) and passes them in.
    Raises `UnreadablePacks` when a pack or an override is broken.
    """
    live = live_overrides(at=at) if overrides is None else overrides
    return required(jurisdictions, live, Question.at(at, kind))


@functools.lru_cache(maxsize=4_096)
def required(
    jurisdictions: frozenset[str], overrides: tuple[Override, ...], question: Question
) -> Requirements:
    """The same for a question already put; kept, since many people share one answer."""
    return _joined(_counting(packs(), overrides, jurisdictions, question))


def evaluate(
    shipped: Mapping[str, Pack],
    overrides: Iterable[Override],
    jurisdictions: Iterable[str],
    *,
    at: datetime,
    kind: str = "marketing",
) -> Requirements:
    """The same, pure: of these packs, with these overrides, all of which count."""
    return _joined(_counting(shipped, tuple(overrides), jurisdictions, Question.at(at, kind)))


def _counting(
    shipped: Mapping[str, Pack],
    overrides: tuple[Override, ...],
    jurisdictions: Iterable[str],
    question: Question,
) -> tuple[Source, ...]:
    asked = set(jurisdictions) or {DEFAULT}
    everywhere = sorted(asked | {country_of(code) for code in asked})
    counting = (
        source
        for code in everywhere
        for kind in KINDS
        for source in answers(shipped, overrides, code, kind, question)
    )
    return tuple(dict.fromkeys(counting))


def answers(
    shipped: Mapping[str, Pack],
    overrides: tuple[Override, ...],
    code: str,
    kind: str,
    question: Question,
) -> list[Source]:
    """What one jurisdiction says of one kind; a country that says nothing takes the default's."""
    own = [one for one in overrides if one.is_about(code, kind, question.kind)]
    if own:
        return [_as_overridden(one) for one in own]
    facts = shipped[code].facts if code in shipped else ()
    stated = [fact for fact in facts if fact.kind == kind and question.is_answered_by(fact)]
    if stated or code == DEFAULT or code != country_of(code):
        return [_as_shipped(code, fact) for fact in stated]
    return answers(shipped, overrides, DEFAULT, kind, question)


def _as_shipped(code: str, fact: Fact) -> Source:
    return Source(
        jurisdiction=code,
        kind=fact.kind,
        value=fact.value,
        source=fact.source,
        read_on=fact.read_on,
        confidence=fact.confidence,
        effective_from=fact.effective_from,
        effective_to=fact.effective_to,
        note=fact.note,
    )


def _as_overridden(override: Override) -> Source:
    since = override.since_at.astimezone(UTC).date()
    return Source(
        jurisdiction=override.jurisdiction,
        kind=override.kind,
        value=override.value,
        source=override.reason,
        read_on=since,
        confidence="",
        effective_from=since,
        effective_to=None,
        overridden_by=override.made_by,
    )


def _joined(sources: tuple[Source, ...]) -> Requirements:
    strictest = {name: kind.nothing for name, kind in KINDS.items()}
    for source in sources:
        kind = KINDS[source.kind]
        strictest[source.kind] = kind.strictest(strictest[source.kind], source.value)
    deadline = strictest["optout_deadline"]
    return Requirements(
        windows=strictest["send_window"],
        caps=strictest["frequency_cap"],
        opt_out_seconds=deadline.seconds,
        opt_out_business_days=deadline.business_days,
        opt_out_covers_all=strictest["optout_all"],
        child_age=strictest["child_age"],
        refuses_below=strictest["refusal_age"],
        majority_age=strictest["majority_age"],
        consent_valid_days=strictest["consent_expiry"],
        reconfirm_days=strictest["consent_reconfirm"],
        inactive_days=strictest["inactivity_expiry"],
        suppression_days=strictest["suppression_memory"],
        prefixes=strictest["prefix"],
        required_words=strictest["required_words"],
        forbids_links=strictest["forbidden_links"],
        needs_sender_registration=strictest["sender_registration"],
        sources=sources,
    )
