"""Selecting a started campaign's audience: who is meant is noted once, by one statement.

It is noted in slices, in the order of sending: by the time from when on the people may be asked
about, and where that is the same, at random.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from messaging.audience import audience, kind_of
from messaging.models import Campaign, CampaignStatus, MessageKind
from messaging.places import WHERE, Places
from subscribers.querysets import SubscriberQuerySet

# About so many people of one time; they are written at once.
SLICE = 5_000
BLOCK = 256

# Which slice is random: a pause, a canary or a stop never falls on the oldest members alone.
# Neighbours come into the same one by the block, so that what is looked up and written about them
# lies close together. Ids are given here, so that those of a slice lie together, too.
SELECT = """
    WITH meant AS (
        SELECT t.first + abs(mod(hashint8extended(s.id / {block}, {campaign}), t.slices))
            AS position, t.send_after, s.id
        FROM ({people}) p
        JOIN subscribers_subscriber s ON s.id = p.id
        JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::int[],
            %s::int[]) AS t (time_zone, region, number_area, country, send_after, first, slices)
            ON t.time_zone = s.time_zone AND t.region = s.region
            AND t.number_area = s.number_area AND t.country = s.country
    ), together AS (
        SELECT position, send_after, array_agg(id) AS people
        FROM meant GROUP BY position, send_after ORDER BY position OFFSET 0
    ), slices AS (
        INSERT INTO messaging_audienceslice
            (campaign_id, position, send_after, subscriber_ids, message_ids)
        SELECT {campaign}, position, send_after, people, ARRAY(
            SELECT nextval((SELECT pg_get_serial_sequence('messaging_message', 'id')::regclass))
            FROM generate_series(1, cardinality(people)))
        FROM together
        RETURNING cardinality(subscriber_ids) AS people
    )
    SELECT COALESCE(sum(people), 0)::int FROM slices
"""


@transaction.atomic
def select_audience(campaign: Campaign, *, at: datetime) -> None:
    """Note who is meant, unless that is known or no longer wanted."""
    current = Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
    if current.status != CampaignStatus.RUNNING or current.audience_size is not None:
        return
    people = audience(campaign).order_by()
    meant, chosen = people.values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        select = SELECT.format(people=meant, campaign=campaign.pk, block=BLOCK)
        cursor.execute(select, [*chosen, *_places(campaign, people, at)])
        selected = cursor.fetchone()[0]
    Campaign.objects.filter(pk=campaign.pk).update(audience_size=selected)


def _places(campaign: Campaign, people: SubscriberQuerySet, at: datetime) -> list[list[Any]]:
    """Where they are, as columns: each kind of place, and the slices of those who are there."""
    counted = list(people.values_list(*WHERE).annotate(Count("pk")))
    places = [place for *place, _count in counted]
    times = _due_times(campaign, places, at)
    together: Counter[datetime] = Counter()
    for time, (*_place, count) in zip(times, counted, strict=True):
        together[time] += count
    first, slices = 0, {}
    for time, count in sorted(together.items()):
        slices[time] = (first, -(-count // SLICE))
        first += slices[time][1]
    rows = [(*place, time, *slices[time]) for place, time in zip(places, times, strict=True)]
    return [list(column) for column in zip(*rows, strict=True)] or [[]] * (len(WHERE) + 3)


def _due_times(campaign: Campaign, places: list[list[str]], at: datetime) -> list[datetime]:
    """For each kind of place where somebody is, when the hours there permit a text first: by
    their hours alone nobody needs to be asked about sooner.

    Where no hour does within the campaign's useful life, the gate says so at once.
    """
    known, kind = Places(at), kind_of(campaign)
    if kind is not MessageKind.MARKETING:
        return [at] * len(places)
    opening = (
        known.of(dict(zip(WHERE, place, strict=True)), kind).hours.opens_at(at) for place in places
    )
    ends_at = campaign.lapses_at or at
    return [opens_at if opens_at and opens_at <= ends_at else at for opens_at in opening]
