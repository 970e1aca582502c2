from __future__ import annotations

import pytest
from django.db import connection

from messaging.accounts import LooseEnds, accounts, loose_ends
from messaging.models import (
    Attempt,
    AttemptOutcome,
    Campaign,
    CampaignStatus,
    Message,
    MessageState,
)
from messaging.operations.audience import cut_audience
from messaging.operations.recovery import recover
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY
LATER = AT + 10 * cast.MINUTE
UNGUARDED = (
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ALTER TABLE messaging_message DISABLE TRIGGER USER",
    "ALTER TABLE messaging_message DROP CONSTRAINT withheld_says_why",
    "ALTER TABLE messaging_message DROP CONSTRAINT sent_text_was_permitted",
    "ALTER TABLE messaging_message DROP CONSTRAINT no_campaign_text_without_consent",
    "ALTER TABLE messaging_message DROP CONSTRAINT one_text_per_person_and_campaign",
)


@pytest.fixture
def campaign() -> Campaign:
    """Alice and dora wait for its text, frank said stop."""
    for person in (cast.alice, cast.dora, cast.frank):
        person()
    started = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=started.pk, at=AT)
    return started


@pytest.fixture
def unguarded(campaign: Campaign) -> Campaign:
    """As if somebody had got round the database's own guards, until the end of the test."""
    with connection.cursor() as cursor:
        for statement in UNGUARDED:
            cursor.execute(statement)
    return campaign


def first(campaign: Campaign, **changes: object) -> Message:
    message = campaign.messages.filter(state=MessageState.QUEUED).earliest("pk")
    Message.objects.filter(pk=message.pk).update(**changes)
    return message


def wrong(at=LATER):
    [account] = accounts(at=at)
    return [(problem.code, problem.count, problem.ids) for problem in account.problems]


def test_everyone_has_one_state(campaign: Campaign):
    [account] = accounts(at=AT)
    assert account.by_state == {MessageState.QUEUED: 2, MessageState.WITHHELD: 1}
    assert (account.people, account.complete, account.adds_up) == (3, True, True)


def test_a_draft_has_no_account_and_a_start_has_an_empty_one():
    cast.alice()
    campaign = cast.draft()
    assert accounts(at=AT) == []
    cast.started(campaign, AT)
    [account] = accounts(at=AT)
    assert (account.people, account.complete, account.adds_up) == (0, False, True)


def test_the_size_of_the_audience_is_compared_once_it_is_written(campaign: Campaign):
    Campaign.objects.update(audience_size=5)
    [account] = accounts(at=AT, campaign_id=campaign.pk)
    assert [(p.code, p.count) for p in account.problems] == [("size", 2)]
    Campaign.objects.update(audience_cut_at=None)
    assert accounts(at=AT, campaign_id=campaign.pk)[0].adds_up


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("reasonless", {"state": "withheld", "settled_at": AT}),
        ("unpermitted", {"state": "accepted", "attempts_made": 1, "settled_at": AT}),
        ("unauthorized", {"consent_event": None}),
        ("untried", {"state": "accepted", "permitted_at": AT, "settled_at": AT}),
        ("unsettled", {"state": "delivered", "permitted_at": AT, "attempts_made": 1}),
    ],
)
def test_what_got_round_the_guards_is_found(unguarded: Campaign, code: str, changes):
    message = first(unguarded, **changes)
    assert wrong() == [(code, 1, (message.pk,))]


def test_a_text_of_another_purpose_is_found(unguarded: Campaign):
    message = first(unguarded, purpose=cast.offers())
    assert wrong() == [("astray", 1, (message.pk,))]


def test_a_second_text_to_one_person_is_found(unguarded: Campaign):
    message = first(unguarded)
    message.pk, message.receipt_token = None, "another"
    message.save()
    assert wrong() == [("twice", 1, (message.pk,)), ("size", 1, ())]


def test_a_text_that_nobody_recovers_is_found_and_settled_by_recovery(campaign: Campaign):
    message = first(campaign, state=MessageState.SUBMITTING, permitted_at=AT, attempts_made=1)
    assert wrong(AT + cast.MINUTE) == []
    assert wrong() == [("lost", 1, (message.pk,))]
    assert loose_ends(at=LATER) == LooseEnds(lost=1, doubtful=0, unfinished=0)
    recover(at=LATER)
    assert wrong() == []
    assert loose_ends(at=LATER).total == 0


def test_a_doubt_that_nobody_closes_is_found(campaign: Campaign):
    first(campaign, state=MessageState.SUBMITTING, permitted_at=AT, attempts_made=1)
    recover(at=LATER)
    assert [code for code, *_ in wrong(AT + 73 * cast.HOUR)] == ["doubtful"]
    assert loose_ends(at=AT + 73 * cast.HOUR).doubtful == 1


def test_a_finished_campaign_has_nobody_waiting(campaign: Campaign):
    Campaign.objects.update(status=CampaignStatus.FINISHED)
    [(code, count, ids)] = wrong()
    assert (code, count, len(ids)) == ("unfinished", 2, 2)
    assert loose_ends(at=LATER).unfinished == 1


def test_a_try_that_was_not_counted_is_found(campaign: Campaign):
    message = first(campaign)
    Attempt.objects.create(message=message, number=1, outcome=AttemptOutcome.UNCLEAR, ended_at=AT)
    assert wrong() == [("miscounted", 1, (message.pk,))]
