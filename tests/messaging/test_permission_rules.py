from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from messaging import gate
from messaging.models import MessageKind
from messaging.rules import Frequency, Objection, SendFacts
from messaging.rules.campaign import CampaignLive, SendingNotFrozen
from messaging.rules.permission import (
    ConsentStands,
    NotOnHold,
    NotPaused,
    NotRestricted,
    NotSuppressed,
    NumberKnown,
    NumberUsable,
    ProvenanceKnown,
    RequestOpen,
    StillFresh,
)

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Open:
    """Hours that are always open."""

    def opens_at(self, at: datetime) -> datetime:
        return at


FINE = SendFacts(
    at=AT, consented=True, promised=Frequency(4, 30), campaign_runs=True, approval_holds=True,
    request_open=True, provenance_known=True, hours=Open(), sender_reaches_country=True,
    sender_is_registered=True,
)  # fmt: skip


@pytest.mark.parametrize("kind", MessageKind)
def test_nothing_objects_when_all_is_well(kind):
    assert gate.objections(kind, FINE) == []


@pytest.mark.parametrize(
    ("rule", "facts", "retry_at"),
    [
        (ConsentStands(), replace(FINE, consented=False), None),
        (NotSuppressed(), replace(FINE, suppressed=True), None),
        (NotOnHold(), replace(FINE, held_until=AT + HOUR), AT + HOUR),
        (NotOnHold(), replace(FINE, held_until=AT), None),
        (NotPaused(), replace(FINE, paused_until=AT + HOUR), AT + HOUR),
        (NumberKnown(), replace(FINE, number_known=False), None),
        (NumberUsable(), replace(FINE, number_usable=False), None),
        (NotRestricted(), replace(FINE, restricted=True), None),
        (ProvenanceKnown(), replace(FINE, provenance_known=False), None),
        (StillFresh(), replace(FINE, fades_at=AT), None),
        (RequestOpen(), replace(FINE, request_open=False), None),
        (CampaignLive(), replace(FINE, approval_holds=False), None),
        (CampaignLive(), replace(FINE, campaign_runs=False), AT + timedelta(minutes=1)),
        (SendingNotFrozen(), replace(FINE, frozen=True), AT + timedelta(minutes=1)),
    ],
)
def test_each_rule_objects_to_its_own_matter(rule, facts, retry_at):
    assert rule.check(FINE) is None
    assert rule.check(facts) == Objection(rule.code, retry_at)


def test_a_pause_that_is_over_is_over():
    assert NotPaused().check(replace(FINE, paused_until=AT)) is None


def test_a_yes_that_fades_later_stands_until_then():
    assert StillFresh().check(replace(FINE, fades_at=AT + HOUR)) is None


def test_what_is_not_known_is_a_reason_not_to_send():
    """Bare facts: nothing was loaded but that the person once said yes."""
    facts = SendFacts(at=AT, consented=True)
    said = {one.code for one in gate.objections(MessageKind.MARKETING, facts)}
    assert said.issuperset(
        {"promise_reached", "provenance_unknown", "outside_hours", "sender_may_not_reach"}
    )


def test_a_service_text_has_no_hours_but_needs_a_yes_all_the_same():
    night = replace(FINE, hours=None)
    assert gate.objections(MessageKind.SERVICE, night) == []
    assert gate.objections(MessageKind.MARKETING, night)
    said = gate.objections(MessageKind.SERVICE, replace(night, consented=False))
    assert [objection.code for objection in said] == ["consent_missing"]


def test_every_objection_is_kept():
    facts = replace(FINE, consented=False, suppressed=True, held_until=AT)
    said = [o.code for o in gate.objections(MessageKind.MARKETING, facts)]
    assert said == ["consent_missing", "suppressed", "on_hold"]


def test_not_now_waits_for_the_latest_and_never_wins():
    soon, later, never = (Objection("a", AT), Objection("b", AT + HOUR), Objection("c"))
    assert gate.retry_at([soon, later]) == AT + HOUR
    assert gate.retry_at([soon, never]) is None


def test_only_answers_to_their_own_text_reach_whoever_said_stop():
    stopped = replace(FINE, suppressed=True)
    open_to = {kind for kind in MessageKind if not gate.objections(kind, stopped)}
    assert open_to == {MessageKind.STOP_ANSWER, MessageKind.HELP_ANSWER}


def test_an_unknown_code_is_shown_as_it_is():
    assert gate.sentence("suppressed") == "The number has not told us to stop."
    assert gate.sentence("from_a_later_version") == "from_a_later_version"
