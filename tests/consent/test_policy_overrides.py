from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from consent.models import PolicyOverride
from consent.operations.policy import UnableToOverride, end_override, override_policy
from consent.policy.facts import UnreadablePacks
from consent.policy.kinds import KINDS, Cap
from consent.policy.loosening import Effect, effect, shipped_value
from consent.policy.overrides import live_overrides
from consent.policy.requirements import requirements
from governance.roles import ADMINISTRATOR, APPROVER, EDITOR, PRIVACY_OFFICER, VIEWER
from subscribers.authorization import NotAuthorized
from tests import cast

pytestmark = pytest.mark.django_db

MORE = [{"texts": 9, "hours": 24}]


def set_aside(**changed: Any) -> PolicyOverride:
    given: dict[str, Any] = {
        "actor": cast.staff("officer", PRIVACY_OFFICER),
        "jurisdiction": "DE",
        "kind": "frequency_cap",
        "value": MORE,
        "reason": "Readers asked for the daily poem.",
        "at": cast.NOON,
    }
    return override_policy(**{**given, **changed})


def german_caps(at: Any = cast.NOON) -> tuple[Cap, ...]:
    return requirements(frozenset({"DE"}), at=at).caps


def test_it_counts_at_once_and_ends_at_once() -> None:
    assert german_caps() == (Cap(3, 24), Cap(4, 168))
    override = set_aside()
    assert german_caps() == (Cap(9, 24),)
    end_override(
        actor=cast.staff("boss", ADMINISTRATOR), override=override, at=cast.NOON + cast.HOUR
    )
    assert german_caps(cast.NOON + cast.HOUR) == (Cap(3, 24), Cap(4, 168))
    # What counted then can still be told.
    assert german_caps(cast.NOON + cast.MINUTE) == (Cap(9, 24),)
    assert german_caps(cast.NOON - cast.MINUTE) == (Cap(3, 24), Cap(4, 168))


def test_it_says_who_and_why() -> None:
    set_aside()
    found = requirements(frozenset({"DE"}), at=cast.NOON).sources
    (source,) = [one for one in found if one.kind == "frequency_cap"]
    assert source.overridden_by == "officer"
    assert source.source == "Readers asked for the daily poem."


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_nothing_is_loosened_without_a_reason(reason: str) -> None:
    with pytest.raises(UnableToOverride, match="Say why"):
        set_aside(reason=reason)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyOverride.objects.create(
            jurisdiction="DE", kind="child_age", value={"age": 0}, reason=reason,
            made_by=cast.staff("officer", PRIVACY_OFFICER), since_at=cast.NOON,
        )  # fmt: skip
    assert not PolicyOverride.objects.exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"jurisdiction": "UK"}, "UK is no code"),
        ({"kind": "quiet_hours"}, "no rule called quiet_hours"),
        ({"value": 9}, 'field "value": must be a list of caps'),
        ({"value": [{"texts": 0, "hours": 24}]}, r'field "value\[0\].texts": must be from 1'),
    ],
)
def test_what_may_be_a_mistake_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UnableToOverride, match=said):
        set_aside(**changed)


def test_a_rule_is_set_aside_once() -> None:
    override = set_aside()
    with pytest.raises(UnableToOverride, match="overridden already"):
        set_aside()
    set_aside(applies_to="service")
    end_override(actor=cast.staff("officer"), override=override, at=cast.NOON + cast.HOUR)
    set_aside(at=cast.NOON + cast.HOUR)
    with pytest.raises(UnableToOverride, match="ended already"):
        end_override(actor=cast.staff("officer"), override=override, at=cast.NOON + cast.DAY)


@pytest.mark.parametrize("role", [VIEWER, EDITOR, APPROVER])
def test_others_set_no_rule_aside(role: str) -> None:
    with pytest.raises(NotAuthorized):
        set_aside(actor=cast.staff("other", role))
    override = set_aside()
    with pytest.raises(NotAuthorized):
        end_override(actor=cast.staff("other"), override=override, at=cast.NOON)


@pytest.mark.parametrize(
    "changed",
    [{"value": [{"texts": 99, "hours": 24}]}, {"reason": "Another"}, {"jurisdiction": "FR"},
     {"ended_at": cast.NOON}],
)  # fmt: skip
def test_the_database_lets_it_only_be_ended(changed: dict[str, Any]) -> None:
    override = set_aside()
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyOverride.objects.filter(pk=override.pk).update(**changed)
    with pytest.raises(DatabaseError), transaction.atomic():
        override.delete()


def test_what_has_ended_stays_as_it_was() -> None:
    officer = cast.staff("officer", PRIVACY_OFFICER)
    override = set_aside()
    end_override(actor=officer, override=override, at=cast.NOON + cast.HOUR)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyOverride.objects.filter(pk=override.pk).update(ended_at=None, ended_by=None)


def test_one_that_cannot_be_read_stops_instead_of_being_left_out() -> None:
    PolicyOverride.objects.create(
        jurisdiction="DE", kind="child_age", value={"years": 3}, reason="By hand",
        made_by=cast.staff("officer"), since_at=cast.NOON,
    )  # fmt: skip
    with pytest.raises(UnreadablePacks, match=r"Policy override \d+ \(child_age\)"):
        german_caps()


def test_reading_them_again_is_one_query(django_assert_num_queries: Any) -> None:
    set_aside()
    set_aside(kind="child_age", value={"age": 14})
    live_overrides(at=cast.NOON)
    with django_assert_num_queries(1):
        assert len(live_overrides(at=cast.NOON)) == 2


@pytest.mark.parametrize(
    ("kind", "value", "outcome"),
    [
        ("frequency_cap", MORE, Effect.LOOSENS),
        ("frequency_cap", [], Effect.LOOSENS),
        ("frequency_cap", [{"texts": 1, "hours": 168}], Effect.TIGHTENS),
        ("frequency_cap", [{"texts": 1, "hours": 24}], Effect.LOOSENS),
        ("child_age", {"age": 14}, Effect.LOOSENS),
        ("child_age", {"age": 18}, Effect.TIGHTENS),
        ("child_age", {"age": 16}, Effect.SAME),
        ("send_window", {"mon_fri": "10:00-18:00", "sat_sun": "none", "holiday": "none"},
         Effect.TIGHTENS),
        ("send_window", {"mon_fri": "10:00-18:00", "sat": "none", "sun": "10:00-11:00",
                         "holiday": "none"}, Effect.LOOSENS),
        ("suppression_memory", {"years": 3}, Effect.LOOSENS),
        ("consent_expiry", {"days": 365}, Effect.TIGHTENS),
    ],
)  # fmt: skip
def test_it_is_said_whether_a_rule_is_loosened(kind: str, value: Any, outcome: Effect) -> None:
    shipped = shipped_value("DE", kind, "marketing", at=cast.NOON)
    assert effect(kind, shipped=shipped, value=KINDS[kind].parse(value)) == outcome
