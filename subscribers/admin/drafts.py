"""A segment rule while someone writes it: as typed, right or wrong, button by button."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from django.http import QueryDict

from subscribers.segments import Criterion, Input, InvalidRule, Operator, criteria

PLACE = re.compile(r"0(\.\d{1,3}){0,8}")
MOST_NODES = 200
GROUP_KINDS = ("all", "any", "none")
MOST_AT_ONCE = 12
Shown = tuple[str, str]


@dataclass
class Draft:
    """A group (`all`, `any`, `none`) or a `condition`; `typed` holds what stood in its inputs."""

    kind: str = "condition"
    criterion: str = ""
    field: str = ""
    operator: str = ""
    typed: list[str] = attribute(default_factory=list)
    children: list[Draft] = attribute(default_factory=list)
    place: str = "0"
    error: str = ""

    @property
    def is_group(self) -> bool:
        return self.kind != "condition"

    def number(self, place: str = "0") -> Draft:
        """Name every node by its place in the tree, as the inputs of the page are."""
        self.place = place
        for index, child in enumerate(self.children):
            child.number(f"{place}.{index}")
        return self

    def every(self) -> Iterator[Draft]:
        yield self
        for child in self.children:
            yield from child.every()


def empty_draft() -> Draft:
    return Draft("all", children=[Draft(criterion=next(iter(criteria())))]).number()


def draft_from_post(data: QueryDict) -> Draft:
    """The tree as it stood on the page; anything malformed is left out."""
    found: dict[str, Draft] = {}
    for place in data.getlist("node")[:MOST_NODES]:
        parent = found.get(place.rpartition(".")[0])
        if not PLACE.fullmatch(place) or place in found or (parent is None and place != "0"):
            continue
        found[place] = _typed_node(data, place)
        if parent is not None:
            parent.children.append(found[place])
    root = found.get("0")
    return root.number() if root and root.is_group else empty_draft()


def _typed_node(data: QueryDict, place: str) -> Draft:
    kind = data.get(f"{place}-kind", "")
    return Draft(
        kind=kind if kind in GROUP_KINDS else "condition",
        criterion=data.get(f"{place}-criterion", ""),
        field=data.get(f"{place}-field", ""),
        operator=data.get(f"{place}-operator", ""),
        typed=data.getlist(f"{place}-value"),
    )


def press(root: Draft, button: str) -> Draft:
    """What an "add" or "remove" button does; `button` is such as `add-group:0.1`."""
    verb, _colon, place = button.partition(":")
    for node in list(root.every()):
        if verb == "remove":
            node.children = [child for child in node.children if child.place != place]
        elif node.place == place and node.is_group and verb == "add-condition":
            node.children.append(Draft(criterion=next(iter(criteria()))))
        elif node.place == place and node.is_group and verb == "add-group":
            node.children.append(Draft("any", children=empty_draft().children))
    return root.number()


def draft_from_rule(rule: Any) -> Draft:
    """A stored rule, ready to edit."""
    return _draft(rule).number() if _is_group(rule) else _wrapped("all", [rule]).number()


def _is_group(rule: Mapping[str, Any]) -> bool:
    return "criterion" not in rule


def _draft(rule: Mapping[str, Any]) -> Draft:
    if _is_group(rule):
        [(kind, inner)] = rule.items()
        if kind == "not":
            return _wrapped("none", inner.get("any", [inner]))
        return _wrapped(kind, inner)
    value = rule.get("value")
    typed = value if isinstance(value, list) else [] if value is None else [value]
    return Draft(
        criterion=rule["criterion"],
        field=rule.get("field", ""),
        operator=rule["operator"],
        typed=[str(one) for one in typed],
    )


def _wrapped(kind: str, rules: list[Mapping[str, Any]]) -> Draft:
    return Draft(kind, children=[_draft(rule) for rule in rules])


class WrittenRule:
    """The rule a draft spells, and which node each part of it came from."""

    def __init__(self, root: Draft) -> None:
        self.nodes: dict[str, Draft] = {}
        self.root = root
        self.rule = self._rule(root, "")

    def blame(self, error: InvalidRule) -> None:
        """Put the message beside the node it is about."""
        self.nodes.get(error.path, self.root).error = error.message

    def _rule(self, node: Draft, path: str) -> dict[str, Any]:
        self.nodes[path] = node
        if not node.is_group:
            return _condition(node)
        prefix = f"{path}." if path else ""
        if node.kind == "none":
            self.nodes[f"{prefix}not"] = node
            return {"not": {"any": self._rules(node, f"{prefix}not.any")}}
        return {node.kind: self._rules(node, f"{prefix}{node.kind}")}

    def _rules(self, node: Draft, path: str) -> list[dict[str, Any]]:
        self.nodes[path] = node
        return [self._rule(child, f"{path}[{i}]") for i, child in enumerate(node.children)]


def _condition(node: Draft) -> dict[str, Any]:
    rule: dict[str, Any] = {"criterion": node.criterion, "operator": node.operator}
    criterion = criteria().get(node.criterion)
    if criterion is None:
        return rule
    fields = dict(criterion.fields())
    if fields:
        rule["field"] = node.field
        if node.field not in fields:
            return rule
    for operator in criterion.operators(node.field):
        if operator.code == node.operator and operator.input is not Input.NOTHING:
            rule["value"] = _value(operator, criterion, node)
    return rule


def _value(operator: Operator, criterion: Criterion, node: Draft) -> object:
    """What was typed, in the type the rule wants; what does not fit stays text and is refused."""
    first = node.typed[0].strip() if node.typed else ""
    if operator.input is Input.NUMBER:
        return int(first) if re.fullmatch(r"-?\d{1,15}", first, re.ASCII) else first
    if operator.input not in (Input.CHOICE, Input.CHOICES):
        return first
    known = {str(value): value for value, _label in criterion.choices(node.field)}
    chosen = [known.get(typed, typed) for typed in node.typed]
    return chosen if operator.input is Input.CHOICES else (chosen[0] if chosen else "")


@dataclass(frozen=True)
class Inputs:
    """What the page offers beside one condition."""

    criteria: list[tuple[str, str]]
    fields: list[tuple[str, str]]
    operators: list[tuple[str, str]]
    input: str
    choices: list[tuple[str, str]]
    # Of many, those that stand apart, out of the way.
    further: list[tuple[str, str]] = attribute(default_factory=list)


def settle(root: Draft) -> None:
    """Give every condition a field and operator that fit its criterion, before it is shown."""
    for node in root.every():
        criterion = criteria().get(node.criterion)
        if node.is_group or criterion is None:
            continue
        node.field = _offered(node.field, [code for code, _label in criterion.fields()])
        if node.field or not criterion.fields():
            codes = [operator.code for operator in criterion.operators(node.field)]
            node.operator = _offered(node.operator, codes)


def _offered(code: str, codes: list[str]) -> str:
    return code if code in codes or not codes else codes[0]


def inputs(node: Draft) -> Inputs:
    """The inputs of a settled condition."""
    known = [(code, str(criterion.label)) for code, criterion in criteria().items()]
    criterion = criteria().get(node.criterion)
    fields = criterion.fields() if criterion else []
    if criterion is None or (not fields and node.field) or (fields and not node.field):
        return Inputs(known, fields, [], "nothing", [])
    operators = {operator.code: operator for operator in criterion.operators(node.field)}
    wanted = operators[node.operator].input
    choices, further = _choices(criterion, node, wanted)
    return Inputs(
        known,
        fields,
        [(code, str(operator.label)) for code, operator in operators.items()],
        wanted.value,
        choices,
        further,
    )


def _choices(criterion: Criterion, node: Draft, wanted: Input) -> tuple[list[Shown], list[Shown]]:
    """What is offered at once, and what further: of many, those in use or chosen come first."""
    if wanted not in (Input.CHOICE, Input.CHOICES):
        return [], []
    shown = [(str(value), label) for value, label in criterion.choices(node.field)]
    if wanted is Input.CHOICE or len(shown) <= MOST_AT_ONCE:
        return shown, []
    first = {*map(str, criterion.offered_first(node.field)), *node.typed}
    at_once = [each for each in shown if each[0] in first]
    return at_once, [each for each in shown if each[0] not in first]
