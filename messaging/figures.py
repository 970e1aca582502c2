"""What the breaker looks at: how the texts of one campaign that left were received so far."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from messaging.breaker import Figures, Limit
from messaging.models import COUNTS_AS_SENT, Campaign, Message, MessageState
from messaging.providers.base import Provider, provider
from messaging.providers.errors import UnknownProvider
from messaging.statements import be_brief

S = MessageState
# A no this soon after a text is taken as an answer to it.
ANSWERS_WITHIN = timedelta(hours=72)
LEFT = (*COUNTS_AS_SENT, S.REJECTED)
FAILED = (S.UNDELIVERED, S.EXPIRED, S.REJECTED, S.UNKNOWN, S.UNKNOWN_FINAL)
PENDING = (S.SUBMITTING, S.ACCEPTED, S.UNKNOWN)
# A crash of ours says nothing about how people or carriers took the text.
OURS = "worker_lost"

# Opt-outs begin at the noes, which are few, and complaints at the receipts with a code: the texts
# are gone through once.
FIGURES = """
    WITH said_no AS MATERIALIZED (
        SELECT s.id, e.occurred_at AS at
        FROM consent_consentevent e
        JOIN subscribers_subscriber s ON s.subject_reference = e.subject_reference
        WHERE e.kind = 'withdrawn' AND e.purpose_id = %(purpose)s AND e.occurred_at >= %(since)s
        UNION ALL
        SELECT s.id, p.since_at
        FROM consent_suppression p
        JOIN subscribers_subscriber s ON s.number_digest = p.number_digest
        WHERE p.since_at >= %(since)s
    )
    SELECT count(*),
        count(*) FILTER (WHERE m.state = ANY(%(pending)s)),
        count(*) FILTER (WHERE m.state = ANY(%(failed)s) AND m.error_code <> ALL(%(not_failures)s)),
        count(*) FILTER (WHERE m.error_code = ANY(%(wrong_numbers)s)),
        count(*) FILTER (WHERE m.error_code = ANY(%(complaints)s) OR m.id IN (
            SELECT r.message_id FROM messaging_receipt r
            WHERE r.error_code = ANY(%(complaints)s) AND r.error_code <> ''
              AND r.message_id IS NOT NULL)),
        (SELECT count(DISTINCT o.id) FROM said_no n CROSS JOIN LATERAL (
            SELECT o.id FROM messaging_message o
            WHERE o.subscriber_id = n.id AND o.campaign_id = %(campaign)s
              AND o.state = ANY(%(left)s) AND o.permitted_at >= %(since)s
              AND n.at >= o.permitted_at AND n.at < o.permitted_at + %(answers_within)s
            OFFSET 0) o)
    FROM messaging_message m
    WHERE m.campaign_id = %(campaign)s AND m.state = ANY(%(left)s) AND m.permitted_at >= %(since)s
"""


def figures(campaign: Campaign) -> Figures:
    """Of the texts permitted since the start, or since a second person let it go on.

    What the provider has no codes for is not among the hits.
    """
    carrier = _carrier(campaign.sender.provider)
    with transaction.atomic(), connection.cursor() as cursor:
        # A young table is larger than the planner thinks: it would read all of it for every no.
        be_brief()
        cursor.execute(FIGURES, _parameters(campaign, carrier))
        texts, pending, failed, wrong_numbers, complaints, opt_outs = cursor.fetchone()
    hits = {"opt_out": opt_outs, "failure": failed}
    if carrier and carrier.complaint_codes:
        hits["complaint"] = complaints
    if carrier and carrier.gone_codes:
        hits["wrong_number"] = wrong_numbers
    return Figures(texts, pending, hits)


def _parameters(campaign: Campaign, carrier: Provider | None) -> dict[str, Any]:
    return {
        "campaign": campaign.pk,
        "purpose": campaign.purpose_id,
        "since": campaign.watched_since_at,
        "left": _words(LEFT),
        "pending": _words(PENDING),
        "failed": _words(FAILED),
        "not_failures": [OURS, *sorted(carrier.opt_out_codes if carrier else ())],
        "wrong_numbers": sorted(carrier.gone_codes if carrier else ()),
        "complaints": sorted(carrier.complaint_codes if carrier else ()),
        "answers_within": ANSWERS_WITHIN,
    }


def _carrier(name: str) -> Provider | None:
    """None where the settings no longer name it: its codes mean nothing to us then."""
    try:
        return provider(name)
    except (UnknownProvider, ImportError):
        return None


def _words(states: tuple[MessageState, ...]) -> list[str]:
    return [str(state) for state in states]


def limits() -> list[Limit]:
    """The rates that stop a campaign, from the settings."""
    return [Limit(code, percent / 100) for code, percent in settings.BREAKER_PERCENT.items()]


def room_left(campaign: Campaign) -> int:
    """How many texts of the canary may still leave."""
    left = Message.objects.filter(
        campaign=campaign, state__in=LEFT, permitted_at__gte=campaign.watched_since_at
    )
    return campaign.canary_size - left.count()
