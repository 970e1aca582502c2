"""What a segment rule may ask about people and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Func, JSONField, Lookup, OuterRef, Q, TextField
from django.db.models import Value as SqlValue
from django.db.models.lookups import (
    Exact,
    GreaterThanOrEqual,
    IContains,
    In,
    LessThan,
    LessThanOrEqual,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumbers import SUPPORTED_REGIONS

from subscribers.countries import name_with_code
from subscribers.models import (
    Attribute,
    AttributeKind,
    ListMembership,
    Subscriber,
    SubscriberList,
)
from subscribers.querysets import SubscriberQuerySet
from subscribers.segments import Answer, Choices, Input, Operator, Value


def labels_of(value: Value, choices: Choices) -> str:
    """The chosen answers as people read them."""
    chosen = value if isinstance(value, tuple) else (value,)
    return _(" or ").join(label for known, label in choices if known in chosen)


class CriterionDefaults:
    """For a criterion that asks one thing and has nothing to add."""

    def fields(self) -> list[tuple[str, str]]:
        return []

    def offered_first(self, field: str) -> list[Answer]:
        return []

    def tally(self, people: SubscriberQuerySet) -> list[str]:
        return []


class InList(CriterionDefaults):
    code = "list"
    label = gettext_lazy("List")

    def operators(self, field: str) -> tuple[Operator, ...]:
        return (
            Operator("on", gettext_lazy("is on"), Input.CHOICE),
            Operator("not_on", gettext_lazy("is not on"), Input.CHOICE),
        )

    def choices(self, field: str) -> Choices:
        return list(SubscriberList.objects.order_by("name").values_list("pk", "name"))

    def q(self, field: str, operator: str, value: Value) -> Q:
        members = ListMembership.objects.filter(
            Q(subscriber=OuterRef("pk")) & Q(subscriber_list_id=value)
        )
        return Q(Exists(members)) if operator == "on" else ~Q(Exists(members))

    def words(self, field: str, operator: str, value: Value) -> str:
        name = labels_of(value, self.choices(field))
        if operator == "on":
            return _("on the list “%(name)s”") % {"name": name}
        return _("not on the list “%(name)s”") % {"name": name}


ONE_OF = (
    Operator("is_any_of", gettext_lazy("is any of"), Input.CHOICES),
    Operator("is_none_of", gettext_lazy("is none of"), Input.CHOICES),
)


class Language(CriterionDefaults):
    code = "language"
    label = gettext_lazy("Language")

    def operators(self, field: str) -> tuple[Operator, ...]:
        return ONE_OF

    def choices(self, field: str) -> Choices:
        return [(code, str(name)) for code, name in settings.LANGUAGES]

    def q(self, field: str, operator: str, value: Value) -> Q:
        spoken = Q(language__in=value)
        return spoken if operator == "is_any_of" else ~spoken

    def words(self, field: str, operator: str, value: Value) -> str:
        names = labels_of(value, self.choices(field))
        if operator == "is_any_of":
            return _("whose language is %(names)s") % {"names": names}
        return _("whose language is not %(names)s") % {"names": names}


class Country(CriterionDefaults):
    code = "country"
    label = gettext_lazy("Country")

    def operators(self, field: str) -> tuple[Operator, ...]:
        return ONE_OF

    def choices(self, field: str) -> Choices:
        return sorted(
            ((code, name_with_code(code)) for code in SUPPORTED_REGIONS), key=lambda each: each[1]
        )

    def offered_first(self, field: str) -> list[Answer]:
        """Those that somebody's number is from."""
        known = Subscriber.objects.exclude(country="").order_by("country")
        return list(known.values_list("country", flat=True).distinct())

    def q(self, field: str, operator: str, value: Value) -> Q:
        there = Q(country__in=value)
        return there if operator == "is_any_of" else ~there

    def words(self, field: str, operator: str, value: Value) -> str:
        names = labels_of(value, self.choices(field))
        if operator == "is_any_of":
            return _("whose number is from %(names)s") % {"names": names}
        return _("whose number is not from %(names)s") % {"names": names}


KNOWN = (
    Operator("known", gettext_lazy("is known"), Input.NOTHING),
    Operator("unknown", gettext_lazy("is not known"), Input.NOTHING),
)
OPERATORS = {
    AttributeKind.TEXT: (
        Operator("is", gettext_lazy("is"), Input.TEXT),
        Operator("contains", gettext_lazy("contains"), Input.TEXT),
        *KNOWN,
    ),
    AttributeKind.NUMBER: (
        Operator("is", gettext_lazy("is"), Input.NUMBER),
        Operator("at_least", gettext_lazy("is at least"), Input.NUMBER),
        Operator("at_most", gettext_lazy("is at most"), Input.NUMBER),
        *KNOWN,
    ),
    AttributeKind.DATE: (
        Operator("from", gettext_lazy("is on or after"), Input.DATE),
        Operator("before", gettext_lazy("is before"), Input.DATE),
        *KNOWN,
    ),
    AttributeKind.CHOICE: (*ONE_OF, *KNOWN),
    AttributeKind.YES_NO: (Operator("is", gettext_lazy("is"), Input.CHOICE), *KNOWN),
}
# How PostgreSQL names the JSON type in which each kind of answer is kept.
JSON_TYPES = {AttributeKind.NUMBER: "number", AttributeKind.YES_NO: "boolean"}


class AttributeValue(CriterionDefaults):
    code = "attribute"
    label = gettext_lazy("Attribute")

    def fields(self) -> list[tuple[str, str]]:
        return list(Attribute.objects.order_by("label").values_list("code", "label"))

    def operators(self, field: str) -> tuple[Operator, ...]:
        return OPERATORS[AttributeKind(_attribute(field).kind)]

    def choices(self, field: str) -> Choices:
        attribute = _attribute(field)
        if attribute.kind == AttributeKind.YES_NO:
            return [(True, _("yes")), (False, _("no"))]
        return [(str(answer), str(answer)) for answer in attribute.choices]

    def q(self, field: str, operator: str, value: Value) -> Q:
        known = _is_known(field)
        match operator:
            case "known":
                return known
            case "unknown":
                return ~known
            case "is_none_of":
                return ~(known & Q(In(_as_text(field), value)))
        return known & Q(_comparison(field, operator, value))

    def words(self, field: str, operator: str, value: Value) -> str:
        chosen = next(one for one in self.operators(field) if one.code == operator)
        facts = {"attribute": _attribute(field).label, "comparison": chosen.label}
        if chosen.input is Input.NOTHING:
            return _("whose “%(attribute)s” %(comparison)s") % facts
        is_choice = chosen.input in (Input.CHOICE, Input.CHOICES)
        shown = labels_of(value, self.choices(field)) if is_choice else f"“{value}”"
        return _("whose “%(attribute)s” %(comparison)s %(value)s") % {**facts, "value": shown}


def _attribute(code: str) -> Attribute:
    return Attribute.objects.get(code=code)


def _is_known(code: str) -> Q:
    """Has an answer of the attribute's own type, so that comparing it is never unknown."""
    json_type = JSON_TYPES.get(AttributeKind(_attribute(code).kind), "string")
    kept = Func(_as_json(code), function="jsonb_typeof", output_field=TextField())
    return Q(attributes__has_key=code) & Q(Exact(kept, json_type))


def _comparison(code: str, operator: str, value: Value) -> Lookup[Any]:
    lookup, side = COMPARISONS[operator]
    return lookup(side(code), value)


def _as_json(code: str) -> Func:
    # The code travels as a parameter. Django's KeyTransform would take "2024" for a place in
    # an array.
    return Func(
        F("attributes"), SqlValue(code), function="jsonb_extract_path", output_field=JSONField()
    )


def _as_text(code: str) -> Func:
    return Func(
        F("attributes"),
        SqlValue(code),
        function="jsonb_extract_path_text",
        output_field=TextField(),
    )


# Numbers are compared as JSON: a cast could meet another row's text before its type is checked.
COMPARISONS: dict[str, tuple[type[Lookup[Any]], Callable[[str], Func]]] = {
    "is": (Exact, _as_json),
    "contains": (IContains, _as_text),
    "is_any_of": (In, _as_text),
    "from": (GreaterThanOrEqual, _as_text),
    "before": (LessThan, _as_text),
    "at_least": (GreaterThanOrEqual, _as_json),
    "at_most": (LessThanOrEqual, _as_json),
}
