"""Segments: a small closed language that selects people.

A rule is JSON: `{"all": [rule, …]}`, `{"any": [rule, …]}`, `{"not": rule}` or a condition
`{"criterion": code, "field": code, "operator": code, "value": …}`. Nothing in a rule ever becomes
a name in a query: every code is looked up in what the criteria declare.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache, reduce
from typing import Protocol, TypeVar

from django.conf import settings
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from subscribers.models import Subscriber
from subscribers.querysets import SubscriberQuerySet

DEEPEST_GROUP = 5
MOST_CONDITIONS = 50
LONGEST_TEXT = 200
LARGEST_NUMBER = 10**15

Answer = str | int | bool
Value = Answer | tuple[Answer, ...] | None
Declared = TypeVar("Declared")
Choices = list[tuple[Answer, str]]


class Input(Enum):
    """What kind of value an operator takes."""

    NOTHING = "nothing"
    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True)
class Operator:
    code: str
    label: str | Promise
    input: Input


class Criterion(Protocol):
    """One thing a rule may ask about a person; the classes are named in SEGMENT_CRITERIA.

    `q` must be true or false for everyone, never unknown, or "not" would lose people; it asks
    other tables by `Exists`, so that nobody is selected twice. `field` is "" unless `fields`
    names some.
    """

    code: str
    label: str | Promise

    def fields(self) -> list[tuple[str, str]]:
        """(code, label) of what can be asked about; empty when there is only one thing."""
        ...

    def operators(self, field: str) -> tuple[Operator, ...]: ...

    def choices(self, field: str) -> Choices:
        """(value, label) of the answers on offer, for operators that take a choice."""
        ...

    def offered_first(self, field: str) -> list[Answer]:
        """Of many choices, those that stand before the others; [] for none."""
        ...

    def q(self, field: str, operator: str, value: Value) -> Q: ...

    def words(self, field: str, operator: str, value: Value) -> str:
        """The condition as it follows "People"."""
        ...

    def tally(self, people: SubscriberQuerySet) -> list[str]:
        """Sentences about these people that help whoever writes the rule."""
        ...


@dataclass(frozen=True)
class Condition:
    criterion: str
    field: str
    operator: str
    value: Value


@dataclass(frozen=True)
class All:
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Any:
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    node: Node


Node = All | Any | Not | Condition


class InvalidRule(ValueError):
    """The rule says something it may not; `path` is where, such as `all[1].not`."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        self.message = message
        super().__init__(f"{path}: {message}" if path else message)


@cache
def _criteria(paths: tuple[str, ...]) -> dict[str, Criterion]:
    return {criterion.code: criterion for criterion in (import_string(path)() for path in paths)}


def criteria() -> dict[str, Criterion]:
    """The criteria by code, in the order of the setting."""
    return _criteria(tuple(settings.SEGMENT_CRITERIA))


def matching(rule: object) -> SubscriberQuerySet:
    """Everyone the rule selects who can be reached, each once. Raises `InvalidRule`."""
    return Subscriber.objects.reachable().filter(condition(rule))


def condition(rule: object) -> Q:
    """The rule as one filter. Raises `InvalidRule`."""
    return _compile(parse(rule))


def describe(rule: object) -> str:
    """The rule as a sentence. Raises `InvalidRule`."""
    return _("People %(rule)s.") % {"rule": _words(parse(rule))}


def parse(rule: object) -> Node:
    """The rule, checked in every part. Raises `InvalidRule`."""
    return _Parser().node(rule, path="", depth=1)


class _Parser:
    def __init__(self) -> None:
        self.conditions = 0

    def node(self, rule: object, *, path: str, depth: int) -> Node:
        if not isinstance(rule, dict):
            raise InvalidRule(path, _("This is not a rule."))
        if "criterion" in rule:
            return self._condition(rule, path)
        if len(rule) != 1:
            raise InvalidRule(path, _("A group is one of: all, any, not."))
        if depth > DEEPEST_GROUP:
            raise InvalidRule(path, _("Groups go at most %(n)d deep.") % {"n": DEEPEST_GROUP})
        [(kind, inner)] = rule.items()
        return self._group(kind, inner, path, depth)

    def _group(self, kind: object, inner: object, path: str, depth: int) -> Node:
        match kind:
            case "all":
                return All(self._nodes(inner, _below(path, "all"), depth))
            case "any":
                return Any(self._nodes(inner, _below(path, "any"), depth))
            case "not":
                return Not(self.node(inner, path=_below(path, "not"), depth=depth + 1))
        raise InvalidRule(path, _("A group is one of: all, any, not."))

    def _nodes(self, inner: object, path: str, depth: int) -> tuple[Node, ...]:
        if not isinstance(inner, list) or not inner:
            raise InvalidRule(path, _("This group is empty: add a condition or remove the group."))
        return tuple(
            self.node(rule, path=f"{path}[{place}]", depth=depth + 1)
            for place, rule in enumerate(inner)
        )

    def _condition(self, rule: dict[object, object], path: str) -> Condition:
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise InvalidRule(path, _("Use at most %(n)d conditions.") % {"n": MOST_CONDITIONS})
        if not set(rule) <= {"criterion", "field", "operator", "value"}:
            raise InvalidRule(path, _("This condition has parts that no condition has."))
        criterion = _declared(criteria(), rule["criterion"], path, _("Choose what to ask."))
        fields = dict(criterion.fields())
        field = _field(fields, rule.get("field", ""), path)
        operators = {operator.code: operator for operator in criterion.operators(field)}
        chosen = _declared(operators, rule.get("operator"), path, _("Choose how to compare."))
        try:
            value = _value(chosen.input, rule.get("value"), lambda: criterion.choices(field))
        except ValueError as error:
            raise InvalidRule(path, str(error)) from None
        return Condition(criterion.code, field, chosen.code, value)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _declared(known: Mapping[str, Declared], code: object, path: str, message: str) -> Declared:
    if not isinstance(code, str) or code not in known:
        raise InvalidRule(path, message)
    return known[code]


def _field(fields: dict[str, str], code: object, path: str) -> str:
    if not fields and code == "":
        return ""
    _declared(fields, code, path, _("Choose which one."))
    return str(code)


def _value(wanted: Input, value: object, choices: Callable[[], Choices]) -> Value:
    if wanted is Input.CHOICE:
        return _choice(value, choices())
    if wanted is Input.CHOICES:
        return _several(value, choices())
    return FREE_INPUT[wanted](value)


def _nothing(value: object) -> None:
    if value is not None:
        raise ValueError(_("This comparison takes no value."))


def _choice(value: object, choices: Choices) -> Answer:
    # Compared with their types: in Python True equals 1.
    for known, _label in choices:
        if type(known) is type(value) and known == value:
            return known
    raise ValueError(_("Choose one of the answers offered."))


def _several(value: object, choices: Choices) -> tuple[Answer, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(_("Choose at least one."))
    return tuple(_choice(one, choices) for one in value[: len(choices) + 1])


def _number(value: object) -> int:
    if type(value) is not int or abs(value) > LARGEST_NUMBER:
        raise ValueError(_("Give a whole number."))
    return value


def _date(value: object) -> str:
    try:
        parsed = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(_("Give a date as year-month-day.")) from None
    return parsed.isoformat()


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(_("Give some text to compare with."))
    # PostgreSQL keeps neither NUL nor half a surrogate pair.
    if len(value) > LONGEST_TEXT or not value.isprintable():
        raise ValueError(_("Use at most %(n)d ordinary characters.") % {"n": LONGEST_TEXT})
    return value.strip()


FREE_INPUT: dict[Input, Callable[[object], Value]] = {
    Input.NOTHING: _nothing,
    Input.NUMBER: _number,
    Input.DATE: _date,
    Input.TEXT: _text,
}


def _compile(node: Node) -> Q:
    match node:
        case All(nodes):
            return reduce(operator.and_, _compiled(nodes))
        case Any(nodes):
            return reduce(operator.or_, _compiled(nodes))
        case Not(inner):
            return ~_compile(inner)
        case Condition(criterion, field, code, value):
            return criteria()[criterion].q(field, code, value)


def _compiled(nodes: tuple[Node, ...]) -> Iterator[Q]:
    return (_compile(node) for node in nodes)


def _words(node: Node, *, inside: bool = False) -> str:
    match node:
        case All(nodes):
            return _joined(nodes, _(" and "), inside)
        case Any(nodes):
            return _joined(nodes, _(" or "), inside)
        case Not(inner):
            return _("other than those %(rule)s") % {"rule": _words(inner, inside=True)}
        case Condition(criterion, field, code, value):
            return criteria()[criterion].words(field, code, value)


def _joined(nodes: tuple[Node, ...], between: str, inside: bool) -> str:
    joined = between.join(_words(node, inside=True) for node in nodes)
    return f"({joined})" if inside and len(nodes) > 1 else joined
