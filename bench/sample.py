"""Whether people who were loaded are as the operations would have made them.

The triggers judge a sample of their rows, the events are replayed into the standings, numbers and
evidence are opened, and the gate is asked.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from consent.ledger import evidence
from consent.models import ConsentEvent
from consent.replay import pending_headers, replay, standings_kept
from messaging.explanation import explain
from messaging.models import Campaign
from subscribers.models import Subscriber
from subscribers.numbers import parse


def check(campaign: Campaign, *, at: datetime, sample: int = 200) -> int:
    """Whether what was loaded is what the operations write; raises AssertionError.

    Returns how many of the sample the gate would let go. The campaign must be meant for everybody.
    """
    _triggers_accept(sample)
    _standings_follow()
    allowed = 0
    for person in Subscriber.objects.order_by("number_digest")[:sample]:
        assert parse(person.phone_number, country=person.country) == person.phone_number
        _opens(person)
        allowed += _is_judged_rightly(campaign, person, at)
    return allowed


def _triggers_accept(sample: int) -> None:
    """Write a sample of rows anew, under their triggers and constraints, and take it back."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, column in (
            ("subscribers_subscriber", "language"),
            ("consent_consent", "status"),
            ("consent_suppression", "source"),
        ):
            cursor.execute(
                f"UPDATE {table} SET {column} = {column} WHERE id IN"
                f" (SELECT id FROM {table} ORDER BY id DESC LIMIT %s)",
                [sample],
            )
        transaction.set_rollback(True)


def _standings_follow() -> None:
    assert replay(pending_headers()) == standings_kept()


def _opens(person: Subscriber) -> None:
    assert all(evidence(event) for event in ConsentEvent.objects.filter(subject=person))


def _is_judged_rightly(campaign: Campaign, person: Subscriber, at: datetime) -> bool:
    """The gate lets exactly those go who stand, and knows where everybody is."""
    explained = explain(campaign, person, at=at)
    stands = person.consents.filter(status="confirmed").exists()
    assert explained.is_meant
    said = [answer.code for answer in explained.answers if not answer.holds]
    assert explained.may_go == stands, said
    return explained.may_go
