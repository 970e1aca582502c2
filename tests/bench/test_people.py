from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from bench import people, rows
from bench.campaigns import any_hour, draft, new_list
from bench.sample import check
from consent.models import Consent, Suppression
from subscribers.models import Subscriber


@pytest.fixture
def everyone(db):
    """Sixty people of five countries, of whom some took their yes back and some said stop."""
    subscriber_list, at = new_list("Everyone"), timezone.now()
    plan = people.Plan(
        60, subscriber_list.pk, at, countries=tuple(rows.PREFIXES), withdrawn=0.2, suppressed=0.2
    )
    laws = [rows.law_of(country, at) for country in plan.countries]
    made = people.rows_of(plan, rows.promised(), laws, people.next_id(), range(60))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        people.copy(cursor, made)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return subscriber_list


def test_they_are_as_the_operations_would_have_made_them(everyone):
    any_hour()
    let_go = check(draft("People", everyone), at=timezone.now(), sample=60)
    assert let_go == Consent.objects.filter(status="confirmed").count()


def test_some_took_it_back_and_some_said_stop(everyone):
    stopped = Suppression.objects.count()
    withdrew = Consent.objects.filter(status="withdrawn").count()
    assert 0 < stopped < withdrew < Subscriber.objects.count() == 60
