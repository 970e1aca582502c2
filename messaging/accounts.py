"""Reads: whether the accounts of campaigns add up, so that nobody is lost and nobody counted twice.

Everyone a campaign considered has one row in one state. The database refuses most of what is
looked for here; this is the second look, for what got round it, and for what a worker that
stopped left lying.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from messaging.models import COUNTS_AS_SENT, FINAL_STATES, CampaignStatus, MessageState
from messaging.operations.recovery import LOST_AFTER, UNKNOWN_FOR

S = MessageState
# Recovery looks every fifteen seconds, and takes some thousands at a time.
GRACE = timedelta(minutes=2)
NAMED = 5

# What no row may be, by code: a condition over the message `m` and its campaign `k`.
LOST = "m.state = 'submitting' AND m.permitted_at < %(lost_before)s"
DOUBTFUL = "m.state = 'unknown' AND m.permitted_at < %(doubt_before)s"
UNFINISHED = "k.status = 'finished' AND m.state IN ('queued', 'submitting')"
IMPOSSIBLE = {
    "lost": LOST,
    "doubtful": DOUBTFUL,
    "unfinished": UNFINISHED,
    "reasonless": "m.state = 'withheld' AND m.objections IN ('[]', 'null')",
    "unpermitted": "m.state = ANY(%(sent)s) AND m.permitted_at IS NULL",
    "unauthorized": "m.state <> 'withheld' AND m.consent_event_id IS NULL",
    "untried": "m.state = ANY(%(tried)s) AND m.attempts_made = 0",
    "unsettled": "m.state = ANY(%(final)s) AND m.settled_at IS NULL",
    "astray": "(m.purpose_id, m.sender_id) IS DISTINCT FROM (k.purpose_id, k.sender_id)",
}
WORDS = {
    "lost": "leaving for longer than a submission can take",
    "doubtful": "in doubt for more than three days, and not closed",
    "unfinished": "still waiting or leaving although the campaign is finished",
    "reasonless": "withheld without a reason",
    "unpermitted": "sent without a permission",
    "unauthorized": "not withheld, and without the consent that it relies on",
    "untried": "sent or refused without a try",
    "unsettled": "over without the time at which it ended",
    "astray": "of another purpose or sender than the campaign's",
    "miscounted": "with more tries on record than were made",
    "twice": "of people who have more than one",
    "size": "more or fewer than the people who were selected",
}
# One statement: the status of the campaign and the states of its texts are of one moment.
COUNT = f"""
    SELECT k.id, k.status, k.audience_cut_at IS NOT NULL, k.audience_size, m.state, count(m.id),
        {", ".join(f"count(m.id) FILTER (WHERE {condition})" for condition in IMPOSSIBLE.values())}
    FROM messaging_campaign k LEFT JOIN messaging_message m ON m.campaign_id = k.id
    WHERE k.started_at IS NOT NULL AND (%(campaign)s::bigint IS NULL OR k.id = %(campaign)s)
    GROUP BY k.id, m.state ORDER BY k.id
"""
NAME = """
    SELECT m.id FROM messaging_message m JOIN messaging_campaign k ON k.id = m.campaign_id
    WHERE m.campaign_id = %(campaign)s AND {condition} ORDER BY m.id LIMIT %(named)s
"""
# A try is recorded after it was counted, so this needs no moment in common with the rest.
MISCOUNTED = """
    SELECT m.campaign_id, y.message_id FROM messaging_attempt y
    JOIN messaging_message m ON m.id = y.message_id
    WHERE y.number > m.attempts_made AND m.campaign_id IS NOT NULL
      AND (%(campaign)s::bigint IS NULL OR m.campaign_id = %(campaign)s)
    ORDER BY y.message_id
"""
TWICE = """
    SELECT m.campaign_id, max(m.id) FROM messaging_message m
    WHERE m.campaign_id IS NOT NULL
      AND (%(campaign)s::bigint IS NULL OR m.campaign_id = %(campaign)s)
    GROUP BY m.campaign_id, m.subscriber_id HAVING count(*) > 1
"""
# What a stopped worker leaves behind, through partial indexes: cheap enough for every page.
LOOSE = f"""
    SELECT (SELECT count(*) FROM (SELECT 1 FROM messaging_message m
                WHERE {LOST} LIMIT %(most)s) x),
        (SELECT count(*) FROM (SELECT 1 FROM messaging_message m
                WHERE {DOUBTFUL} LIMIT %(most)s) x),
        (SELECT count(*) FROM messaging_campaign k WHERE k.status = 'finished'
            AND EXISTS (SELECT 1 FROM messaging_message m
                WHERE m.campaign_id = k.id AND m.state IN ('queued', 'submitting')))
"""
MOST_LOOSE = 1000


@dataclass(frozen=True)
class Problem:
    """`count` rows of a kind that must not be; `ids` are some of them, ids of messages."""

    code: str
    count: int
    ids: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        return WORDS[self.code]


@dataclass
class Account:
    """One campaign. `by_state` has every state that occurs, `complete` says whether all of its
    audience is written, of which `selected` were to be."""

    campaign_id: int
    status: CampaignStatus
    complete: bool
    selected: int
    by_state: dict[MessageState, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def people(self) -> int:
        return sum(self.by_state.values())

    @property
    def adds_up(self) -> bool:
        return not self.problems


def accounts(*, at: datetime, campaign_id: int | None = None) -> list[Account]:
    """The accounts of every campaign that was started, or of one, by id.

    Reads every row of these campaigns once.
    """
    wanted = _parameters(at, campaign_id)
    found = _counted(wanted)
    for code, statement in (("miscounted", MISCOUNTED), ("twice", TWICE)):
        for campaign, ids in _grouped(_rows(statement, wanted)).items():
            if campaign in found:
                problem = Problem(code, len(ids), tuple(sorted(ids)[:NAMED]))
                found[campaign].problems.append(problem)
    for account in found.values():
        if account.complete and account.people != account.selected:
            account.problems.append(Problem("size", abs(account.people - account.selected)))
    return list(found.values())


def _counted(wanted: dict[str, Any]) -> dict[int, Account]:
    found: dict[int, Account] = {}
    broken: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for campaign, status, complete, selected, state, count, *counts in _rows(COUNT, wanted):
        account = found.setdefault(
            campaign, Account(campaign, CampaignStatus(status), complete, selected or 0)
        )
        if state is not None:
            account.by_state[MessageState(state)] = count
        for code, bad in zip(IMPOSSIBLE, counts, strict=True):
            broken[campaign][code] += bad
    for campaign, by_code in broken.items():
        found[campaign].problems += _named(campaign, by_code, wanted)
    return found


def _named(campaign: int, by_code: Mapping[str, int], wanted: dict[str, Any]) -> list[Problem]:
    return [
        Problem(code, count, _some_ids(campaign, code, wanted))
        for code, count in by_code.items()
        if count
    ]


def _some_ids(campaign: int, code: str, wanted: dict[str, Any]) -> tuple[int, ...]:
    """They may have moved on meanwhile: then none is named."""
    statement = NAME.format(condition=IMPOSSIBLE[code])
    return tuple(row[0] for row in _rows(statement, {**wanted, "campaign": campaign}))


@dataclass(frozen=True)
class LooseEnds:
    """Texts that left and were never recorded, doubts that nobody closed, and finished
    campaigns with texts that wait; the first two stop counting at `MOST_LOOSE`."""

    lost: int
    doubtful: int
    unfinished: int

    @property
    def total(self) -> int:
        return self.lost + self.doubtful + self.unfinished


def loose_ends(*, at: datetime) -> LooseEnds:
    """The part of the accounts that can go wrong while the database is sound, read cheaply."""
    [row] = _rows(LOOSE, {**_parameters(at, None), "most": MOST_LOOSE})
    return LooseEnds(*row)


def _parameters(at: datetime, campaign_id: int | None) -> dict[str, Any]:
    return {
        "campaign": campaign_id,
        "lost_before": at - LOST_AFTER - GRACE,
        "doubt_before": at - UNKNOWN_FOR - GRACE,
        "sent": [str(state) for state in COUNTS_AS_SENT],
        "tried": [str(state) for state in (*COUNTS_AS_SENT, S.REJECTED)],
        "final": [str(state) for state in FINAL_STATES],
        "named": NAMED,
    }


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _grouped(pairs: list[tuple[Any, ...]]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = defaultdict(list)
    for campaign, message in pairs:
        grouped[campaign].append(message)
    return grouped
