from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.models import Consent, Purpose, Standing
from subscribers.models import Attribute, ListMembership, Subscriber, SubscriberList
from subscribers.segments import InvalidRule, describe, matching, parse
from tests import cast

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Village:
    """Twelve people who differ in everything a rule may ask."""

    lists: list[SubscriberList]
    people: list[Subscriber]


@pytest.fixture
def village() -> Village:
    lists = [SubscriberList.objects.create(name=name) for name in ("Readers", "Walkers")]
    purposes = [
        Purpose.objects.create(code=code, name=code, description=code, controller="Library")
        for code in ("news", "offers")
    ]
    for code, kind in (("genre", "choice"), ("visits", "number"), ("member", "yes_no"),
                       ("joined", "date"), ("street", "text"), ("2024", "text")):  # fmt: skip
        Attribute.objects.create(
            code=code, label=code.title(), kind=kind, choices=["crime", "poetry"], reason="to know"
        )
    return Village(lists, [_villager(n, lists, purposes) for n in range(12)])


def _villager(n: int, lists: list[SubscriberList], purposes: list[Purpose]) -> Subscriber:
    person = Subscriber(
        language=("en", "fr", "de")[n % 3], created_at=LONG_AGO, attributes=_answers(n)
    )
    person.phone_number = f"+4477009001{n:02}" if n % 4 else f"+1202555010{n % 10}"
    person.save()
    for place, one in enumerate(lists):
        if (n >> place) & 1:
            ListMembership.objects.create(subscriber=person, subscriber_list=one, added_at=LONG_AGO)
    for place, purpose in enumerate(purposes):
        _answer(person, purpose, (n + place) % 5)
    if n == 11:
        person.erased_at, person.number_ciphertext, person.number_digest = LONG_AGO, None, None
        person.country = person.number_area = ""
        person.save()
    return person


def _answers(n: int) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    if n % 2:
        answers |= {"genre": ("crime", "poetry")[n % 4 == 1], "visits": n, "2024": "yes"}
    if n % 3 == 0:
        answers |= {"member": n % 2 == 0, "joined": f"2026-0{1 + n % 9}-01"}
    if n % 5 == 0:
        # Kept before the attribute changed its kind.
        answers |= {"street": "High Street 100%", "visits": "many"}
    return answers


def _answer(person: Subscriber, purpose: Purpose, kind: int) -> None:
    status = (None, Standing.REQUESTED, Standing.WITHDRAWN, Standing.DECLINED, Standing.EXPIRED)
    if status[kind]:
        Consent.objects.create(
            subscriber=person, purpose=purpose, status=status[kind], since_at=LONG_AGO
        )


def depth(rule: dict[str, Any]) -> int:
    """How many groups stand inside each other."""
    if "criterion" in rule:
        return 0
    inner = [rule["not"]] if "not" in rule else rule.get("all", rule.get("any"))
    return 1 + max(depth(one) for one in inner)


# --- The same question, answered without a database -----------------------


def fits(rule: dict[str, Any], person: Subscriber) -> bool:
    if "all" in rule:
        return all(fits(one, person) for one in rule["all"])
    if "any" in rule:
        return any(fits(one, person) for one in rule["any"])
    if "not" in rule:
        return not fits(rule["not"], person)
    return ASKED[rule["criterion"]](rule, person)


def _on_list(rule: dict[str, Any], person: Subscriber) -> bool:
    on = rule["value"] in {membership.subscriber_list_id for membership in person.memberships.all()}
    return on == (rule["operator"] == "on")


def _in_values(value: str, rule: dict[str, Any]) -> bool:
    return (value in rule["value"]) == (rule["operator"] == "is_any_of")


def _agreed(rule: dict[str, Any], person: Subscriber) -> bool:
    given = {consent.purpose.code: consent for consent in person.consents.all()}
    consent = given.get(rule["value"])
    active = (
        consent is not None
        and consent.status == Standing.CONFIRMED
        and (consent.expires_at is None or consent.expires_at > timezone.now())
    )
    if rule["operator"] in ("agreed", "not_agreed"):
        return active == (rule["operator"] == "agreed")
    wanted = {"asked": Standing.REQUESTED, "withdrew": Standing.WITHDRAWN}[rule["operator"]]
    return consent is not None and consent.status == wanted


TYPES = {"genre": str, "visits": int, "member": bool, "joined": str, "street": str, "2024": str}


def _attribute(rule: dict[str, Any], person: Subscriber) -> bool:
    known = person.attributes.get(rule["field"])
    is_known = type(known) is TYPES[rule["field"]]
    value = rule.get("value")
    match rule["operator"]:
        case "known":
            return is_known
        case "unknown":
            return not is_known
        case "is_none_of":
            return not (is_known and known in value)
    return is_known and COMPARED[rule["operator"]](known, value)


COMPARED: dict[str, Any] = {
    "is": lambda known, value: known == value,
    "contains": lambda known, value: value.lower() in known.lower(),
    "is_any_of": lambda known, value: known in value,
    "at_least": lambda known, value: known >= value,
    "at_most": lambda known, value: known <= value,
    "from": lambda known, value: known >= value,
    "before": lambda known, value: known < value,
}
ASKED: dict[str, Any] = {
    "list": _on_list,
    "language": lambda rule, person: _in_values(person.language, rule),
    "country": lambda rule, person: _in_values(person.country, rule),
    "purpose": _agreed,
    "attribute": _attribute,
}


def conditions(lists: list[SubscriberList]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.sampled_from(["is_any_of", "is_none_of"])
    known = st.sampled_from(["known", "unknown"])

    def asks(criterion: str, **parts: Any) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"criterion": st.just(criterion), **parts})

    def some(*values: Any) -> st.SearchStrategy[list[Any]]:
        return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)

    return st.one_of(
        asks(
            "list",
            operator=st.sampled_from(["on", "not_on"]),
            value=st.sampled_from([one.pk for one in lists]),
        ),
        asks("language", operator=several, value=some("en", "fr", "de", "es")),
        asks("country", operator=several, value=some("GB", "US", "FR")),
        asks(
            "purpose",
            operator=st.sampled_from(["agreed", "not_agreed", "asked", "withdrew"]),
            value=st.sampled_from(["news", "offers"]),
        ),
        asks("attribute", field=st.just("genre"), operator=several, value=some("crime", "poetry")),
        asks("attribute", field=st.sampled_from(list(TYPES)), operator=known),
        asks(
            "attribute",
            field=st.just("visits"),
            operator=st.sampled_from(["is", "at_least", "at_most"]),
            value=st.integers(-2, 14),
        ),
        asks(
            "attribute",
            field=st.just("joined"),
            operator=st.sampled_from(["from", "before"]),
            value=st.dates(min_value=LONG_AGO.date()).map(str),
        ),
        asks("attribute", field=st.just("member"), operator=st.just("is"), value=st.booleans()),
        asks(
            "attribute",
            field=st.just("street"),
            operator=st.sampled_from(["is", "contains"]),
            value=st.sampled_from(["High Street 100%", "street", "%", "_", "x"]),
        ),
        asks("attribute", field=st.just("2024"), operator=st.just("is"), value=st.just("yes")),
    )


def rules(lists: list[SubscriberList]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        conditions(lists),
        lambda inner: st.one_of(
            st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"not": inner}),
        ),
        max_leaves=8,
    )


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_rule_selects_exactly_the_people_it_describes(village: Village, data: Any) -> None:
    rule = data.draw(rules(village.lists))
    if depth(rule) > 5:
        return
    selected = [person.pk for person in matching(rule)]
    reachable = [person for person in village.people if person.erased_at is None]
    expected = [person.pk for person in reachable if fits(rule, person)]
    assert sorted(selected) == expected
    assert describe(rule).startswith("People ")


def test_a_confirmed_consent_counts_until_it_expires(village: Village) -> None:
    purpose = cast.news()
    type(purpose).objects.filter(pk=purpose.pk).update(consent_valid_days=2)
    now = timezone.now()
    fresh = cast.confirmed(cast.ALICE, at=now - cast.DAY)
    lapsed = cast.confirmed(cast.FRANK, at=now - 3 * cast.DAY)
    rule = {"criterion": "purpose", "operator": "agreed", "value": "news"}
    assert fresh in matching(rule)
    assert lapsed not in matching(rule)


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
        st.sampled_from(["all", "list", "on", "genre", "attribute", "is_any_of", "_connector"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(), inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["all", "any", "not", "criterion", "operator", "field", "value", "_negated"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)  # fmt: skip


@given(rule=json_values)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_that_is_not_a_rule_gets_through(village: Village, rule: Any) -> None:
    with suppress(InvalidRule):
        matching(rule).count()


DEEP: dict[str, Any] = {"criterion": "language", "operator": "is_any_of", "value": ["en"]}
LEAF = dict(DEEP)
for _level in range(6):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ([], ""),
        ({}, ""),
        ({"all": []}, "all"),
        ({"all": [LEAF], "any": [LEAF]}, ""),
        ({"_connector": [LEAF]}, ""),
        ({"all": [LEAF, {"not": {"criterion": "number"}}]}, "all[1].not"),
        ({"any": [{**LEAF, "operator": "startswith"}]}, "any[0]"),
        ({"any": [{**LEAF, "value": ["xx"]}]}, "any[0]"),
        ({**LEAF, "value": "en"}, ""),
        ({**LEAF, "value": []}, ""),
        ({**LEAF, "field": "genre"}, ""),
        ({**LEAF, "_negated": True}, ""),
        ({"criterion": "list", "operator": "on", "value": True}, ""),
        ({"criterion": "list", "operator": "on", "value": 999_999}, ""),
        ({"criterion": "attribute", "operator": "known"}, ""),
        ({"criterion": "attribute", "field": "a__b", "operator": "known"}, ""),
        ({"criterion": "attribute", "field": "genre", "operator": "known", "value": 1}, ""),
        ({"criterion": "attribute", "field": "visits", "operator": "is", "value": True}, ""),
        ({"criterion": "attribute", "field": "visits", "operator": "is", "value": 1.5}, ""),
        ({"criterion": "attribute", "field": "street", "operator": "is", "value": "a\x00"}, ""),
        ({"criterion": "attribute", "field": "joined", "operator": "from", "value": "May"}, ""),
        (DEEP, "not.not.not.not.not"),
        ({"all": [LEAF] * 51}, "all[50]"),
    ],
)
def test_a_bad_rule_is_refused_where_it_is_bad(village: Village, rule: object, path: str) -> None:
    with pytest.raises(InvalidRule) as refusal:
        parse(rule)
    assert refusal.value.path == path


def test_nobody_is_selected_twice(village: Village) -> None:
    both = {"any": [
        {"criterion": "list", "operator": "on", "value": one.pk} for one in village.lists
    ]}  # fmt: skip
    selected = [person.pk for person in matching(both)]
    assert len(selected) == len(set(selected)) > 0


def test_it_reads_as_a_sentence(village: Village) -> None:
    rule = {"all": [
        {"criterion": "list", "operator": "on", "value": village.lists[0].pk},
        {"any": [LEAF, {"criterion": "purpose", "operator": "withdrew", "value": "news"}]},
        {"not": {"criterion": "attribute", "field": "visits", "operator": "at_least", "value": 3}},
    ]}  # fmt: skip
    assert describe(rule) == (
        "People on the list “Readers” and (whose language is English or who withdrew from “news”)"
        " and other than those whose “Visits” is at least “3”."
    )
