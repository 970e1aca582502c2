"""What exactly was approved: a hash over everything that shapes what goes out to whom."""

from __future__ import annotations

import hashlib
import json

from messaging.composition import text_by_language
from messaging.models import Campaign


def content_hash(campaign: Campaign) -> bytes:
    """SHA-256 over the texts as they will leave, to whom, by whom, and for how long."""
    texts = sorted(text_by_language(campaign).items())
    content = [
        campaign.pk, campaign.purpose_id, campaign.subscriber_list_id, campaign.segment_id,
        campaign.segment_rule, campaign.sender_id, campaign.useful_hours,
        campaign.fit_for_minors, texts,
    ]  # fmt: skip
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def approval_holds(campaign: Campaign) -> bool:
    """What stands there now is what a second person approved."""
    return (
        campaign.approved_hash is not None
        and campaign.approved_by_id != campaign.created_by_id
        and bytes(campaign.approved_hash) == content_hash(campaign)
    )
