"""The kinds of fact a policy pack may state: how each is written, and which of two is stricter.

A kind knows three things: `parse` reads the value as a file or an override writes it,
`strictest` joins two values into one that keeps both, and `words` says it to people.
A value is at least as strict as another if joining the two changes nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from django.utils.translation import gettext as _

from consent.policy.fields import FieldError, table, whole_number, words_in
from consent.policy.windows import ALWAYS, DAY_NAMES, MINUTES, WHOLE_DAY, Hours, Windows

SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
DAY_GROUPS = {
    "all": DAY_NAMES,
    "mon_fri": DAY_NAMES[:5],
    "mon_sat": DAY_NAMES[:6],
    "sat_sun": DAY_NAMES[5:],
    **{day: (day,) for day in DAY_NAMES},
}


class Kind(Protocol):
    """What one kind of fact knows. Values are immutable and can be hashed.

    `nothing` is the value of nobody asking anything; joined to any other it changes nothing.
    """

    nothing: Any

    def parse(self, raw: object) -> Any: ...

    def strictest(self, one: Any, other: Any) -> Any: ...

    def words(self, value: Any) -> str: ...


class Cap(NamedTuple):
    """At most `texts` within any `hours`."""

    texts: int
    hours: int

    def is_kept_with(self, other: Cap) -> bool:
        """Whoever keeps `other` keeps this one as well."""
        return other.texts <= self.texts and other.hours >= self.hours


class Deadline(NamedTuple):
    """How fast a no must count: `seconds` is what we aim at, `business_days` the law's limit."""

    seconds: int
    business_days: int


class WindowKind:
    """`{mon_fri = "08:00-20:00", sat_sun = "none", holiday = "none"}`, each day once.

    `holiday = "as_day"` says that a holiday is like any other day.
    """

    nothing = ALWAYS

    def parse(self, raw: object) -> Windows:
        given = table(raw, "holiday", optional=DAY_GROUPS)
        days: dict[str, Hours | None] = {}
        for group in set(given) - {"holiday"}:
            self._fill(days, group, _hours(given[group], group))
        for day in DAY_NAMES:
            if day not in days:
                raise FieldError(day, "is missing")
        return Windows(tuple(days[day] for day in DAY_NAMES), _holiday(given["holiday"]))

    def _fill(self, days: dict[str, Hours | None], group: str, hours: Hours | None) -> None:
        for day in DAY_GROUPS[group]:
            if day in days:
                raise FieldError(group, f"says {day} a second time")
            days[day] = hours

    def strictest(self, one: Windows, other: Windows) -> Windows:
        return one & other

    def words(self, value: Windows) -> str:
        alike = groupby(zip(DAY_NAMES, value.days, strict=True), key=itemgetter(1))
        days = [f"{_span(days)} {hours or _('none')}" for hours, days in alike]
        holiday = _("as the day") if value.holiday == WHOLE_DAY else value.holiday or _("none")
        return ", ".join([*days, _("holidays %(hours)s") % {"hours": holiday}])


def _span(days: Iterable[tuple[str, object]]) -> str:
    """Such as "mon-fri", or "sat"."""
    names = [name for name, _hours in days]
    return names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"


def _holiday(raw: object) -> Hours | None:
    return WHOLE_DAY if raw == "as_day" else _hours(raw, "holiday")


def _hours(raw: object, field: str) -> Hours | None:
    if raw == "none":
        return None
    found = SPAN.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        raise FieldError(field, 'must be like "08:00-20:00", or "none"')
    return _within_a_day(*map(int, found.groups()), field=field)


def _within_a_day(hour: int, minute: int, last_hour: int, last_minute: int, *, field: str) -> Hours:
    hours = Hours(hour * 60 + minute, last_hour * 60 + last_minute)
    if max(minute, last_minute) > 59 or hours.closes > MINUTES:
        raise FieldError(field, "must end by 24:00")
    if hours.opens >= hours.closes:
        raise FieldError(field, "must end after it begins")
    return hours


class CapKind:
    """`[{texts = 3, hours = 24}, {texts = 4, hours = 168}]`: every one must hold."""

    nothing: tuple[Cap, ...] = ()

    def parse(self, raw: object) -> tuple[Cap, ...]:
        if not isinstance(raw, list):
            raise FieldError("value", "must be a list of caps")
        return _without_kept(self._cap(each, f"value[{place}].") for place, each in enumerate(raw))

    def _cap(self, raw: object, path: str) -> Cap:
        try:
            given = table(raw, "texts", "hours")
            return Cap(*(whole_number(given[field], field) for field in Cap._fields))
        except FieldError as error:
            raise FieldError(path + error.field, error.problem) from None

    def strictest(self, one: tuple[Cap, ...], other: tuple[Cap, ...]) -> tuple[Cap, ...]:
        return _without_kept((*one, *other))

    def words(self, value: tuple[Cap, ...]) -> str:
        each = [_("at most %(texts)s within %(hours)s hours") % cap._asdict() for cap in value]
        return ", ".join(each) or _("no cap")


def _without_kept(caps: Iterable[Cap]) -> tuple[Cap, ...]:
    """Only the caps that no other cap keeps anyway."""
    every = set(caps)
    return tuple(sorted(c for c in every if not any(c.is_kept_with(o) for o in every - {c})))


class DeadlineKind:
    """`{business_days = 10, seconds = 86400}`."""

    nothing = Deadline(365 * 86_400, 365)

    def parse(self, raw: object) -> Deadline:
        given = table(raw, "seconds", "business_days")
        return Deadline(
            whole_number(given["seconds"], "seconds", most=self.nothing.seconds),
            # 0: at once.
            whole_number(given["business_days"], "business_days", least=0, most=365),
        )

    def strictest(self, one: Deadline, other: Deadline) -> Deadline:
        return Deadline(*map(min, one, other))

    def words(self, value: Deadline) -> str:
        aim, unit = _("%(n)s hours aimed at"), 3_600
        if value.seconds % unit:
            aim, unit = _("%(n)s seconds aimed at"), 1
        limit = _("%(n)s business days at most") % {"n": value.business_days}
        return f"{aim % {'n': value.seconds // unit}}, {limit}"


class AgeKind:
    """`{age = 16}`; the largest counts, and 0 is no limit."""

    nothing = 0

    def parse(self, raw: object) -> int:
        return whole_number(table(raw, "age")["age"], "age", least=0, most=25)

    def strictest(self, one: int, other: int) -> int:
        return max(one, other)

    def words(self, value: int) -> str:
        return _("%(age)s years") % {"age": value}


class LapseKind:
    """`{days = 730}`, or `"never"`; the soonest counts."""

    nothing = None

    def parse(self, raw: object) -> int | None:
        return None if raw == "never" else whole_number(table(raw, "days")["days"], "days")

    def strictest(self, one: int | None, other: int | None) -> int | None:
        return min((days for days in (one, other) if days is not None), default=None)

    def words(self, value: int | None) -> str:
        return _("never") if value is None else _("after %(days)s days") % {"days": value}


class MemoryKind:
    """`{years = 10}`, or `"forever"`; the longest counts. In days; None is for ever."""

    nothing = 0

    def parse(self, raw: object) -> int | None:
        if raw == "forever":
            return None
        years = whole_number(table(raw, "years")["years"], "years", least=0, most=100)
        return math.ceil(years * 365.25)

    def strictest(self, one: int | None, other: int | None) -> int | None:
        return None if one is None or other is None else max(one, other)

    def words(self, value: int | None) -> str:
        return _("for ever") if value is None else _("%(days)s days") % {"days": value}


class WordsKind:
    """`["STOP"]`: a text must have every one of them."""

    nothing: tuple[str, ...] = ()

    def parse(self, raw: object) -> tuple[str, ...]:
        return words_in(raw)

    def strictest(self, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted({*one, *other}))

    def words(self, value: tuple[str, ...]) -> str:
        return ", ".join(value) or _("none")


class PrefixKind:
    """`["[QC]", "[AD]"]`: a text begins with one of them, and with one of every other pack's."""

    nothing: tuple[tuple[str, ...], ...] = ()

    def parse(self, raw: object) -> tuple[tuple[str, ...], ...]:
        choices = words_in(raw)
        return (choices,) if choices else ()

    def strictest(
        self, one: tuple[tuple[str, ...], ...], other: tuple[tuple[str, ...], ...]
    ) -> tuple[tuple[str, ...], ...]:
        return tuple(sorted({*one, *other}))

    def words(self, value: tuple[tuple[str, ...], ...]) -> str:
        either = [_(" or ").join(choices) for choices in value]
        return ", ".join(either) or _("none")


class FlagKind:
    """`true` or `false`."""

    nothing = False

    def parse(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise FieldError("value", "must be true or false")
        return raw

    def strictest(self, one: bool, other: bool) -> bool:
        return one or other

    def words(self, value: bool) -> str:
        return _("yes") if value else _("no")


# What each kind means stands in docs/adding-a-jurisdiction.md.
KINDS: dict[str, Kind] = {
    "send_window": WindowKind(),
    "frequency_cap": CapKind(),
    "optout_deadline": DeadlineKind(),
    "optout_all": FlagKind(),
    "suppression_memory": MemoryKind(),
    "child_age": AgeKind(),
    "refusal_age": AgeKind(),
    "majority_age": AgeKind(),
    "consent_expiry": LapseKind(),
    "consent_reconfirm": LapseKind(),
    "inactivity_expiry": LapseKind(),
    "prefix": PrefixKind(),
    "required_words": WordsKind(),
    "forbidden_links": FlagKind(),
    "sender_registration": FlagKind(),
}
