"""What became of a campaign's texts, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from messaging.admin.messages import messages_address
from messaging.admin.watch import watch_context
from messaging.bars import pieces
from messaging.gate import sentence
from messaging.models import Campaign, CampaignStatus
from messaging.statistics import progress


@dataclass(frozen=True)
class Line:
    """One row of a table of counts, linking to the people behind it."""

    code: str
    label: str
    count: int
    address: str


def progress_context(campaign: Campaign) -> dict[str, Any]:
    counted = progress(campaign)
    drawn = pieces(counted.by_state)
    return {
        "campaign": campaign,
        **watch_context(campaign),
        "progress": counted,
        "pieces": drawn,
        "states": [
            Line(
                piece.state, piece.label, piece.count, _address(campaign, state__exact=piece.state)
            )
            for piece in drawn
        ],
        "objections": [
            Line(code, sentence(code), count, _address(campaign, objection=code))
            for code, count in sorted(counted.objections.items(), key=lambda item: -item[1])
        ],
        "everyone_address": _address(campaign),
        "is_live": campaign.status == CampaignStatus.RUNNING or counted.waiting > 0,
    }


def _address(campaign: Campaign, **narrower: object) -> str:
    return messages_address(campaign__id__exact=campaign.pk, **narrower)
