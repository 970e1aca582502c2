"""What exactly was approved: a hash over everything that shapes what goes out to whom."""

from __future__ import annotations

import hashlib
import json

from messaging.composition import text_by_language
from messaging.lengths import ranges
from messaging.models import Campaign
from messaging.placeholders import UnreadableTemplate


def content_hash(campaign: Campaign) -> bytes:
    """SHA-256 over the texts as they will leave, to whom, by whom, how long, and why.

    The texts stand there with their placeholders, and with the number of parts they may take: an
    attribute that could make them longer than what was approved voids the approval.
    """
    texts = sorted(text_by_language(campaign).items())
    content = [
        campaign.pk, campaign.purpose_id, campaign.subscriber_list_id, campaign.segment_id,
        campaign.segment_rule, campaign.sender_id, campaign.useful_hours,
        campaign.fit_for_minors, texts, _lengths(campaign),
        campaign.justifications,
    ]  # fmt: skip
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def _lengths(campaign: Campaign) -> list[tuple[str, int, int]]:
    """Empty where a text cannot be read: the gate and the content rules refuse it by then."""
    try:
        return sorted((each, r.fewest, r.most) for each, r in ranges(campaign).items())
    except UnreadableTemplate:
        return []


def approval_holds(campaign: Campaign) -> bool:
    """What stands there now is what a second person approved."""
    return (
        campaign.approved_hash is not None
        and campaign.approved_by_id != campaign.created_by_id
        and bytes(campaign.approved_hash) == content_hash(campaign)
    )
