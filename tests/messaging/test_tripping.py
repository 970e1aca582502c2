"""What the breaker counts, that it stops a campaign, and who may let it go on."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from consent.circumstances import Circumstances
from consent.models import SuppressionSource
from consent.operations.withdrawal import stop_all_texts, withdraw_consent
from governance.models import StaffUser
from messaging.figures import figures
from messaging.models import Campaign, CampaignStatus, Message, MessageState, Receipt
from messaging.operations.audience import cut_audience
from messaging.operations.breaker import watch_campaigns
from messaging.operations.campaigns import (
    UnableToMove,
    cancel_campaign,
    restart_campaign,
    resume_campaign,
)
from subscribers.authorization import NotAuthorized
from tests import cast

pytestmark = pytest.mark.django_db

AT = cast.NOON + cast.DAY
S = MessageState
PEOPLE = [f"+4477009006{n:02d}" for n in range(20)]


@pytest.fixture
def campaign() -> Campaign:
    """Running; twenty texts of it left and are with the provider."""
    for number in PEOPLE:
        cast.confirmed(number)
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    leave(campaign)
    return campaign


def leave(campaign: Campaign, at=AT) -> None:
    Message.objects.filter(state=S.QUEUED).exclude(campaign=None).update(
        state=S.SUBMITTING, permitted_at=at
    )
    Message.objects.filter(campaign=campaign, state=S.SUBMITTING).update(state=S.ACCEPTED)


def end(campaign: Campaign, state: MessageState, count: int, code: str = "") -> None:
    """The next `count` of its texts end so."""
    texts = Message.objects.filter(campaign=campaign, state=S.ACCEPTED).order_by("pk")
    ids = list(texts.values_list("pk", flat=True)[:count])
    Message.objects.filter(pk__in=ids).update(state=state, error_code=code, settled_at=AT)


def looked_at(campaign: Campaign, at=AT + cast.HOUR) -> Campaign:
    watch_campaigns(at=at)
    campaign.refresh_from_db()
    return campaign


def tripped(campaign: Campaign) -> Campaign:
    end(campaign, S.UNDELIVERED, 10, "phone_unreachable")
    assert looked_at(campaign).is_tripped
    return campaign


def superuser() -> StaffUser:
    return StaffUser.objects.get_or_create(
        username="root", defaults={"is_superuser": True, "is_staff": True}
    )[0]


def people_of(campaign: Campaign, count: int):
    texts = Message.objects.filter(campaign=campaign).select_related("subscriber")
    return [text.subscriber for text in texts.order_by("pk")[:count]]


def test_failures_are_what_did_not_arrive_and_a_wrong_number_is_one_too(campaign):
    end(campaign, S.UNDELIVERED, 2, "phone_unreachable")
    end(campaign, S.EXPIRED, 1)
    end(campaign, S.UNDELIVERED, 3, "number_not_in_service")
    end(campaign, S.DELIVERED, 4)
    found = figures(campaign)
    assert (found.texts, found.pending) == (20, 10)
    assert found.hits == {"opt_out": 0, "complaint": 0, "failure": 6, "wrong_number": 3}


def test_neither_our_own_crash_nor_an_earlier_opt_out_is_a_failure(campaign):
    for code in ("worker_lost", "recipient_opted_out"):
        end(campaign, S.UNDELIVERED, 1, code)
    assert figures(campaign).hits["failure"] == 0


def test_whoever_says_no_within_three_days_counts_once(campaign):
    first, second, third, fourth = people_of(campaign, 4)
    stop_all_texts(subscriber=first, source=SuppressionSource.TEXT, at=AT + cast.HOUR)
    withdraw_consent(
        subscriber=second, purpose=cast.news(), circumstances=Circumstances(), at=AT + cast.HOUR
    )
    stop_all_texts(subscriber=third, source=SuppressionSource.TEXT, at=AT + 3 * cast.DAY)
    Message.objects.filter(subscriber=fourth, campaign=campaign).update(
        permitted_at=AT + 2 * cast.HOUR
    )
    stop_all_texts(subscriber=fourth, source=SuppressionSource.TEXT, at=AT + cast.HOUR)
    assert figures(campaign).hits["opt_out"] == 2


def test_a_complaint_counts_although_the_text_arrived(campaign):
    end(campaign, S.DELIVERED, 20)
    text = Message.objects.filter(campaign=campaign).first()
    for _twice in range(2):
        Receipt.objects.create(
            provider="simulator", reference=text.reference, message=text,
            state=S.DELIVERED, error_code="reported_as_spam", received_at=AT, applied_at=AT,
        )  # fmt: skip
    assert figures(campaign).hits["complaint"] == 1


def test_too_many_failures_pause_it_and_say_why(campaign):
    end(campaign, S.UNDELIVERED, 10, "phone_unreachable")
    looked_at(campaign)
    assert (campaign.status, campaign.tripped_at) == (CampaignStatus.PAUSED, AT + cast.HOUR)
    (reason,) = campaign.trip_reason
    assert (reason["code"], reason["hits"], reason["texts"]) == ("failure", 10, 20)
    assert reason["at_least"] > reason["limit"] == 0.15


def test_a_few_failures_pause_nothing(campaign):
    end(campaign, S.UNDELIVERED, 4)
    assert looked_at(campaign).status == CampaignStatus.RUNNING


def test_opt_outs_pause_it(campaign):
    for person in people_of(campaign, 3):
        stop_all_texts(subscriber=person, source=SuppressionSource.TEXT, at=AT + cast.MINUTE)
    assert looked_at(campaign).trip_reason[0]["code"] == "opt_out"


@pytest.mark.parametrize("who", ["author", "approver", "superuser"])
def test_whoever_wrote_or_started_it_cannot_let_it_go_on(campaign, who):
    tripped(campaign)
    actor = {"author": cast.author, "approver": cast.approver, "superuser": superuser}[who]()
    if who == "superuser":
        # Bound like anyone else, once they had a hand in it.
        Campaign.objects.filter(pk=campaign.pk).update(
            author_ids=sorted({*campaign.author_ids, actor.pk})
        )
    with pytest.raises(NotAuthorized):
        restart_campaign(actor=actor, campaign=campaign, at=AT + cast.DAY)
    with pytest.raises((UnableToMove, NotAuthorized)):
        resume_campaign(actor=actor, campaign=campaign, at=AT + cast.DAY)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.PAUSED


def test_a_second_person_lets_it_go_on_and_only_later_texts_count(campaign):
    tripped(campaign)
    second = cast.staff("second", "Approver")
    restart_campaign(actor=second, campaign=campaign, at=AT + cast.DAY)
    assert looked_at(campaign, AT + cast.DAY).status == CampaignStatus.RUNNING
    assert (campaign.restarted_by, campaign.is_tripped) == (second, False)
    assert figures(campaign).texts == 0


def test_a_campaign_that_the_breaker_did_not_stop_is_only_resumed(campaign):
    Campaign.objects.filter(pk=campaign.pk).update(status=CampaignStatus.PAUSED)
    with pytest.raises(UnableToMove, match="can be resumed"):
        restart_campaign(actor=cast.staff("second", "Approver"), campaign=campaign, at=AT)
    resume_campaign(actor=cast.approver(), campaign=campaign, at=AT)


def test_anyone_who_runs_campaigns_may_still_cancel_it(campaign):
    cancel_campaign(actor=cast.approver(), campaign=tripped(campaign), at=AT + cast.DAY)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'running'",
        "status = 'running', restarted_at = now() + '99 years'",
        "status = 'running', restarted_by_id = {second}",
        "status = 'running', restarted_at = tripped_at, restarted_by_id = {author}",
        "status = 'running', restarted_at = tripped_at, restarted_by_id = {starter}",
        "status = 'running', restarted_at = tripped_at, restarted_by_id = {editor}",
        "status = 'running', restarted_at = started_at, restarted_by_id = {second}",
        "status = 'running', tripped_at = NULL, trip_reason = NULL",
        "started_by_id = {second}",
        "author_ids = '{{}}'",
    ],
)
def test_raw_sql_lets_nobody_go_on_alone(campaign, change):
    editor = cast.staff("editor", "Editor")
    authors = sorted({*campaign.author_ids, editor.pk})
    Campaign.objects.filter(pk=campaign.pk).update(author_ids=authors)
    tripped(campaign)
    people = {
        "author": cast.author().pk, "starter": cast.approver().pk, "editor": editor.pk,
        "second": cast.staff("second", "Approver").pk,
    }  # fmt: skip
    with (
        pytest.raises(
            DatabaseError, match=r"Cannot (insert or )?update|restarted_by_a_second_person"
        ),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"UPDATE messaging_campaign SET {change.format(**people)} WHERE id = %s", [campaign.pk]
        )
