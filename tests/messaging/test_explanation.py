from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from consent.models import Guardianship, SuppressionSource
from consent.operations.withdrawal import stop_all_texts
from messaging.explanation import explain
from messaging.gate import MARKETING_RULES
from messaging.models import Campaign
from subscribers.models import AccessRecord, Subscriber
from subscribers.operations import change_settings
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY
NIGHT = cast.NOON + cast.HOUR * 11


def no(explanation) -> list[str]:
    return [answer.code for answer in explanation.answers if not answer.holds]


def test_every_rule_answers():
    explanation = explain(cast.draft(), cast.alice(), at=AT)
    assert [answer.code for answer in explanation.answers] == [
        rule.code for rule in MARKETING_RULES
    ]
    assert explanation.may_go
    assert explanation.is_meant


def test_a_draft_is_judged_as_if_it_ran():
    assert no(explain(cast.draft(), cast.alice(), at=AT)) == []


def test_it_says_what_stands_against_a_text():
    alice = cast.alice()
    stop_all_texts(subscriber=alice, source=SuppressionSource.TEXT, at=cast.NOON + cast.HOUR)
    explanation = explain(cast.draft(), alice, at=AT)
    assert no(explanation) == ["consent_missing", "suppressed"]
    assert explanation.opens_at is None


def test_at_night_it_says_when_morning_comes():
    explanation = explain(cast.draft(), cast.alice(), at=NIGHT)
    assert no(explanation) == ["outside_hours"]
    assert explanation.opens_at is not None
    assert NIGHT < explanation.opens_at < NIGHT + cast.DAY


def test_the_zone_the_person_chose_counts():
    alice = cast.alice()
    change_settings(subscriber=alice, language="en", time_zone="Pacific/Auckland")
    explanation = explain(cast.draft(), alice, at=AT)
    assert no(explanation) == ["outside_hours"]
    assert explanation.place.where.source == "declared"


def test_someone_who_is_not_meant_is_told_apart():
    assert explain(cast.draft(), cast.bob(), at=AT).is_meant is False


def run_command(typed: str, monkeypatch, **options: object) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    said = io.StringIO()
    call_command("explain", stdout=said, **options)
    return said.getvalue()


@pytest.mark.parametrize("typed", ["public id", "07700 900001", cast.ALICE])
def test_the_command_finds_the_person_on_standard_input(typed, monkeypatch):
    alice, campaign = cast.alice(), cast.draft()
    typed = str(alice.public_id) if typed == "public id" else typed
    said = run_command(typed + "\n", monkeypatch, campaign=campaign.pk, at="2026-11-03T12:00Z")
    assert "It may go now." in said
    assert "yes  The number has not told us to stop. [suppressed]" in said
    assert "7700" not in said


@pytest.mark.parametrize(
    ("typed", "at", "words"),
    [
        ("", None, "standard input"),
        ("garbage", None, "neither a public id nor a number"),
        ("not-a-uuid", None, "We know nobody"),
        (cast.STRANGER, None, "We know nobody"),
        (cast.ALICE, "tomorrow", "--at"),
        (cast.ALICE, "2026-11-03T12:00", "--at"),
        (cast.ALICE, "2026-99-03T12:00Z", "--at"),
    ],
)
def test_bad_questions_get_a_clear_answer(typed, at, words, monkeypatch):
    cast.alice()
    with pytest.raises(CommandError, match=words):
        run_command(typed, monkeypatch, campaign=cast.draft().pk, at=at)


def test_an_unknown_campaign_is_named(monkeypatch):
    with pytest.raises(CommandError, match="There is no campaign 4711"):
        run_command(cast.ALICE, monkeypatch, campaign=4711)


def why_page(client: Client, person: Subscriber, **asked: object) -> str:
    address = reverse("admin:subscribers_subscriber_why", args=[person.public_id])
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_so_for_one_person_and_the_look_is_on_record(client: Client):
    alice, campaign = cast.alice(), cast.draft()
    client.force_login(cast.author())
    page = why_page(client, alice, campaign=campaign.pk)
    assert "The number has not told us to stop." in page
    assert "Europe/London" in page
    assert AccessRecord.objects.get().subscriber == alice
    assert "7700900001" not in page


def test_the_page_asks_which_campaign_and_takes_no_garbage(client: Client):
    alice = cast.alice()
    client.force_login(cast.author())
    assert "Ask every rule" in why_page(client, alice)
    assert "Select a valid choice" in why_page(client, alice, campaign="x")


def test_someone_under_age_gets_what_is_fit_for_them_while_a_guardian_agrees():
    dora = cast.dora()
    unfit, fit = cast.draft(), cast.draft()
    Campaign.objects.filter(pk=fit.pk).update(fit_for_minors=True)
    assert no(explain(unfit, dora, at=AT)) == ["under_age"]
    assert no(explain(fit, dora, at=AT)) == []
    Guardianship.objects.update(ended_at=AT, ended_because="stopped")
    assert no(explain(fit, dora, at=AT)) == ["under_age"]


def test_a_yes_that_has_faded_permits_nothing_even_before_that_is_recorded():
    claire = cast.confirmed("+33639980012")
    assert no(explain(cast.draft(), claire, at=AT)) == []
    assert no(explain(cast.draft(), claire, at=cast.NOON + 1097 * cast.DAY)) == ["yes_faded"]
