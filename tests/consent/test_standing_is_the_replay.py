"""Whatever people do, in whatever order: the standing is what a replay of the ledger leads to."""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from consent.circumstances import Circumstances, Reply
from consent.models import ActorKind, Consent, SuppressionSource
from consent.operations import (
    ageing,
    answers,
    corrections,
    erasure,
    expiry,
    holds,
    number_change,
    signup,
    withdrawal,
)
from consent.operations.sealing import seal, seal_batch
from consent.replay import pending_headers, replay, standings_kept
from consent.sealing import verifier_keys
from consent.verification import leaf_rows, verify_ledger
from subscribers.models import Subscriber
from tests import cast

# A yes from France fades when nothing is heard for three years.
NUMBERS = ["+447700900400", "+447700900401", "+33639980012"]
REPLY = Reply(words="…", provider="simulator", provider_message_id="x")
STEPS = int(os.environ.get("SOAK_STEPS", "0"))
numbers = st.sampled_from(NUMBERS)
purposes = st.sampled_from([cast.news, cast.offers])
# Back as well: a clock may jump, and people are texted from several machines.
leaps = st.sampled_from(
    [timedelta(seconds=-90), timedelta(0), 3 * cast.MINUTE, 9 * cast.DAY, 1100 * cast.DAY]
)


class People(RuleBasedStateMachine):
    """Three numbers and two purposes, one of which lapses after ten days."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.at = cast.NOON
        cast.sender(), cast.signup_form()
        self.officer = cast.staff("privacy", "Privacy officer")
        type(cast.offers()).objects.filter(code="offers").update(consent_valid_days=10)

    def teardown(self) -> None:
        verify_ledger(keys=verifier_keys())
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)

    def person(self, e164: str) -> Subscriber | None:
        return Subscriber.objects.with_number(e164).first()

    @rule(leap=leaps)
    def time_passes(self, leap) -> None:
        self.at += leap

    @rule(e164=numbers, asked=st.lists(purposes, min_size=1, max_size=2, unique=True))
    def request(self, e164, asked) -> None:
        # Nobody is there where a remembered no met the wish.
        with contextlib.suppress(Subscriber.DoesNotExist):
            cast.asked(e164, *(purpose() for purpose in asked), at=self.at)

    @rule(e164=numbers, word=st.sampled_from([answers.confirm_by_reply, answers.decline_by_reply]))
    def answer(self, e164, word) -> None:
        if person := self.person(e164):
            word(subscriber=person, reply=REPLY, at=self.at)

    @rule(e164=numbers, guardian=numbers, asked=purposes, days=st.integers(1, 40))
    def ask_a_guardian(self, e164, guardian, asked, days) -> None:
        until = (self.at + days * cast.DAY).date()
        with contextlib.suppress(Subscriber.DoesNotExist):
            cast.guardian_asked(e164, guardian, asked(), at=self.at, until=until)

    @rule(e164=numbers, guardian=numbers, asked=purposes)
    def join_with_a_guardian(self, e164, guardian, asked) -> None:
        self.ask_a_guardian(e164, guardian, asked, 20)
        for number in (guardian, e164):
            self.answer(number, answers.confirm_by_reply)
            cast.let_texts_go(self.at)

    @rule(e164=numbers, purpose=purposes)
    def withdraw(self, e164, purpose) -> None:
        if person := self.person(e164):
            withdrawal.withdraw_consent(
                subscriber=person, purpose=purpose(), circumstances=Circumstances(), at=self.at
            )

    @rule(e164=numbers)
    def stop_and_start_again(self, e164) -> None:
        if person := self.person(e164):
            withdrawal.stop_all_texts(subscriber=person, source=SuppressionSource.TEXT, at=self.at)
            withdrawal.lift_suppression(e164=e164, at=self.at)
            signup.ask_after_start(person, reply=REPLY, at=self.at)

    @rule(e164=numbers, remember_no=st.booleans())
    def erase(self, e164, remember_no) -> None:
        if person := self.person(e164):
            erasure.forget(
                subscriber=person,
                actor_kind=ActorKind.SUBSCRIBER,
                remember_no=remember_no,
                at=self.at,
            )

    @rule(e164=numbers, other=numbers)
    def change_number(self, e164, other) -> None:
        person = self.person(e164)
        if person is None or e164 == other:
            return
        number_change.request_number_change(
            subscriber=person, e164=other, client_address="", at=self.at
        )
        if holder := self.person(other):
            number_change.change_by_reply(holder=holder, reply=REPLY, at=self.at)

    @rule()
    def lapse(self) -> None:
        expiry.record_expiries(at=self.at)
        cast.let_texts_go(self.at)
        expiry.close_old_confirmations(at=self.at)

    @rule()
    def look_after_consents(self) -> None:
        ageing.look_after_consents(at=self.at)
        cast.let_texts_go(self.at)

    @rule(e164=numbers, how=st.sampled_from(["wait", "release", "stop", "forget to decide"]))
    def hold(self, e164, how) -> None:
        person = self.person(e164)
        if person is None:
            return
        live = holds.place_hold(subscriber=person, reason="unclear text", at=self.at)
        if how == "release":
            holds.release_hold(actor=self.officer, hold=live, reason="a question", at=self.at)
        if how == "stop":
            holds.stop_held_person(actor=self.officer, hold=live, reason="no more", at=self.at)
        if how == "forget to decide":
            holds.revoke_undecided(at=live.due_at)
        withdrawal.lift_suppression(e164=e164, at=self.at)

    @rule(e164=numbers)
    def correct_the_newest(self, e164) -> None:
        person = self.person(e164)
        event = person.events.order_by("-occurred_at", "-pk").first() if person else None
        if event:
            corrections.correct_event(
                actor=self.officer, event=event, reason="a mistake", at=self.at
            )

    @rule(e164=numbers, purpose=purposes)
    def import_evidence(self, e164, purpose) -> None:
        if person := self.person(e164):
            corrections.keep_imported_evidence(
                actor=self.officer, subscriber=person, purpose=purpose(), batch="2026-11",
                original_source="the old system", original_date="2024-05-01", reason="moved",
                at=self.at,
            )  # fmt: skip

    @rule(limit=st.integers(1, 5))
    def seal_some(self, limit) -> None:
        seal_batch(limit=limit)

    @rule()
    def seal_all(self) -> None:
        seal(at=self.at)

    @invariant()
    def standing_is_the_replay(self) -> None:
        sealed = [header for _position, _hash, _body, header in leaf_rows()]
        assert replay(pending_headers(), replay(sealed)) == standings_kept()
        assert Consent.objects.count() == len(standings_kept())


@pytest.mark.django_db
def test_the_standing_is_always_what_the_ledger_leads_to():
    """`make soak` walks 50,000 steps."""
    steps = 100 if STEPS else 15
    walk = settings(
        max_examples=max(STEPS // steps, 12),
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(People, settings=walk)
