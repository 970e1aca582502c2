"""The figures for monitors. None is about a person, and none costs more for millions of texts
than for some thousands."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from messaging import accounts
from messaging.lanes.wording import is_frozen
from messaging.models import Sender
from messaging.watching import heartbeats, readings, traffic
from messaging.watching.exposition import Metric

# A slow answer is worth less than none: the next comes in a minute.
PATIENCE = "2s"
# Pages of the table of texts that are read; beyond that, figures are estimates from a sample.
SAMPLED_PAGES = 1_000
NEWEST = 10_000
MOST_WAITING = 100_000

SAMPLED_PERCENT = """
    SELECT LEAST(100.0, 100.0 * %(pages)s / GREATEST(1, pg_relation_size('messaging_message')
        / current_setting('block_size')::int))
"""
TEXTS = """
    SELECT m.sender_id, m.kind, m.state, count(*)
    FROM messaging_message m TABLESAMPLE SYSTEM (%(percent)s) GROUP BY 1, 2, 3
"""
OBJECTIONS = """
    SELECT o->>'code', count(*)
    FROM messaging_message m TABLESAMPLE SYSTEM (%(percent)s)
    JOIN messaging_campaign k ON k.id = m.campaign_id AND k.status = 'running',
        jsonb_array_elements(m.objections) o
    GROUP BY 1
"""
RECEIPTS = """
    SELECT x.provider, x.state, count(*)::float / sum(count(*)) OVER ()
    FROM (SELECT provider, state FROM messaging_receipt ORDER BY id DESC LIMIT %(newest)s) x
    GROUP BY 1, 2
"""
RECEIPTS_WAITING = """
    SELECT count(*) FROM (
        SELECT 1 FROM messaging_receipt WHERE applied_at IS NULL LIMIT %(most)s) x
"""
INBOUND = """
    SELECT x.meaning, count(*) FROM (
        SELECT meaning, received_at FROM messaging_inboundmessage ORDER BY id DESC LIMIT %(newest)s
    ) x WHERE x.received_at > %(hour_ago)s GROUP BY 1
"""
UNSEALED = """
    SELECT (SELECT count(*) FROM (SELECT 1 FROM consent_ledgerpending LIMIT %(most)s) x),
        (SELECT e.recorded_at FROM consent_ledgerpending p
            JOIN consent_consentevent e ON e.id = p.event_id ORDER BY p.number LIMIT 1)
"""
CAMPAIGNS = "SELECT status, count(*) FROM messaging_campaign GROUP BY 1"


Samples = Iterable[tuple[dict[str, object], float]]


@transaction.atomic
def metrics(*, at: datetime) -> list[Metric]:
    """Every family, read at `at`. What only Redis or Valkey knows is left out when it is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
    return [*_texts(), *_lanes(at), *_rates(at), *_came_in(at), *_alive(at), *_ledger(at)]


def _texts() -> Iterator[Metric]:
    [[percent]] = _rows(SAMPLED_PERCENT, pages=SAMPLED_PAGES)
    scale = 100 / float(percent)
    yield _gauge(
        "yeslist_sampled_share",
        "Share of the table of texts that the next two families were read from; 1: exact.",
        [({}, 1 / scale)],
    )
    yield _gauge(
        "yeslist_texts",
        "Texts by sender, kind and state.",
        (
            ({"sender": sender, "kind": kind, "state": state}, round(count * scale))
            for sender, kind, state, count in _rows(TEXTS, percent=percent)
        ),
    )
    yield _gauge(
        "yeslist_objections",
        "Texts of running campaigns that a rule keeps back, now or for good.",
        (
            ({"rule": code}, round(count * scale))
            for code, count in _rows(OBJECTIONS, percent=percent)
        ),
    )
    yield _gauge(
        "yeslist_texts_unsettled",
        f"Texts that are leaving now or may have left; counted up to {traffic.MOST}.",
        (
            ({"sender": sender, "state": state}, count)
            for (sender, state), count in traffic.unsettled().items()
        ),
    )


def _lanes(at: datetime) -> Iterator[Metric]:
    lanes = [(_lane(each.sender_id, each.marketing), each) for each in traffic.lanes(at=at)]
    yield _gauge(
        "yeslist_texts_due",
        f"Texts that may leave now and wait for their turn; of the first {traffic.MOST}.",
        ((labels, lane.due) for labels, lane in lanes),
    )
    yield _gauge(
        "yeslist_oldest_due_seconds",
        "How long the text that waits longest has been due; 0: none waits.",
        (
            (labels, (at - lane.oldest_at).total_seconds() if lane.oldest_at else 0)
            for labels, lane in lanes
        ),
    )
    yield _gauge(
        "yeslist_campaigns",
        "Campaigns by status.",
        (({"status": status}, count) for status, count in _rows(CAMPAIGNS)),
    )
    yield _gauge("yeslist_frozen", "1 while all marketing is stopped.", [({}, float(is_frozen()))])


def _rates(at: datetime) -> Iterator[Metric]:
    senders = dict(Sender.objects.values_list("pk", "parts_per_second"))
    yield _gauge(
        "yeslist_sender_parts_per_second",
        "The rate that each sender may have.",
        (({"sender": sender}, float(rate)) for sender, rate in senders.items()),
    )
    yield _gauge(
        "yeslist_limiter_available",
        "1 when Redis or Valkey answers; without it nothing leaves.",
        [({}, float(readings.is_available()))],
    )
    with contextlib.suppress(readings.ReadingsUnavailable):
        yield from _reached(list(senders), at)


def _reached(senders: list[int], at: datetime) -> list[Metric]:
    known = readings.readings(sender_ids=senders, at=at)
    lanes = [(_lane(*lane), reading) for lane, reading in known.items()]
    return [
        _gauge(
            "yeslist_texts_per_second",
            "Texts handed to the provider, mean of the last minute.",
            ((labels, reading.texts_per_second) for labels, reading in lanes),
        ),
        _gauge(
            "yeslist_parts_per_second",
            "Their parts, mean of the last minute.",
            ((labels, reading.parts_per_second) for labels, reading in lanes),
        ),
        *_totals(),
    ]


def _totals() -> Iterator[Metric]:
    counted = readings.totals()
    for what, name, words in (
        ("left", "yeslist_texts_left_total", "Texts handed to the provider"),
        ("parts", "yeslist_parts_left_total", "Their parts"),
    ):
        samples = [(_lane(*lane), counts[what]) for lane, counts in counted.items()]
        since = "since the counters in Redis or Valkey began."
        yield Metric(name, "counter", f"{words} {since}", _sorted(samples))


def _came_in(at: datetime) -> Iterator[Metric]:
    yield _gauge(
        "yeslist_receipts_waiting",
        f"Delivery reports that are not applied yet; counted up to {MOST_WAITING}.",
        [({}, _rows(RECEIPTS_WAITING, most=MOST_WAITING)[0][0])],
    )
    yield _gauge(
        "yeslist_receipts_share",
        f"What the newest {NEWEST} delivery reports say, as shares of 1.",
        (
            ({"provider": provider, "state": state}, share)
            for provider, state, share in _rows(RECEIPTS, newest=NEWEST)
        ),
    )
    hour_ago = at - timedelta(hours=1)
    yield _gauge(
        "yeslist_inbound_last_hour",
        f"Texts from people by what they were understood to mean; of the newest {NEWEST}.",
        (
            ({"meaning": meaning}, count)
            for meaning, count in _rows(INBOUND, newest=NEWEST, hour_ago=hour_ago)
        ),
    )


def _alive(at: datetime) -> Iterator[Metric]:
    ages = heartbeats.ages(at=at)
    yield _gauge(
        "yeslist_heartbeat_age_seconds",
        "Since the worker of a queue carried out a tick; +Inf: never.",
        (({"queue": queue}, _shown(age)) for queue, age in ages.items()),
    )
    yield _gauge(
        "yeslist_beat_age_seconds",
        "Since any tick was carried out: beat, the clock, ticked at least then; +Inf: never.",
        [({}, _shown(heartbeats.beat_age(ages)))],
    )
    loose = accounts.loose_ends(at=at)
    yield _gauge(
        "yeslist_loose_ends",
        "What recovery should have settled: 0, or look at manage.py check_accounts.",
        (
            ({"kind": "lost"}, loose.lost),
            ({"kind": "doubtful"}, loose.doubtful),
            ({"kind": "unfinished"}, loose.unfinished),
        ),
    )


def _shown(age: float | None) -> float:
    return math.inf if age is None else round(age, 1)


def _ledger(at: datetime) -> Iterator[Metric]:
    [[count, oldest_at]] = _rows(UNSEALED, most=MOST_WAITING)
    yield _gauge(
        "yeslist_ledger_unsealed",
        f"Events of the ledger that wait for their seal; counted up to {MOST_WAITING}.",
        [({}, count)],
    )
    yield _gauge(
        "yeslist_ledger_unsealed_age_seconds",
        "How long the first of them waits.",
        [({}, max(0.0, (at - oldest_at).total_seconds()) if oldest_at else 0)],
    )


def _lane(sender_id: int, marketing: bool) -> dict[str, object]:
    return {"sender": sender_id, "lane": "campaigns" if marketing else "system"}


def _gauge(name: str, words: str, samples: Samples) -> Metric:
    return Metric(name, "gauge", words, _sorted(samples))


def _sorted(samples: Samples) -> list[tuple[dict[str, str], float]]:
    """In one order, so that two readings can be compared."""
    named = [({name: str(word) for name, word in labels.items()}, n) for labels, n in samples]
    return sorted(named, key=lambda sample: list(sample[0].values()))


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
