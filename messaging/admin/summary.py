"""What a campaign would do, for whoever is about to let it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from messaging.admin.previews import Preview, previews
from messaging.approvals import content_hash
from messaging.audience import Forecast, forecast, rule_of
from messaging.lengths import parts_over_audience
from messaging.models import Campaign
from messaging.operations.campaigns import problems
from messaging.placeholders import UnreadableTemplate
from subscribers.segments import InvalidRule, describe


@dataclass(frozen=True)
class Summary:
    """`parts` maps the number of parts to how many people get a text of so many."""

    campaign: Campaign
    previews: list[Preview]
    forecast: Forecast | None
    parts: dict[int, int]
    who: str
    problems: list[str]
    shown: str

    @property
    def cost(self) -> int:
        """In parts, over everyone who would get it now."""
        return sum(parts * people for parts, people in self.parts.items())


def summarize(campaign: Campaign, *, at: datetime) -> Summary:
    """Everything to look at before the next step; `shown` names exactly this content."""
    try:
        expected: Forecast | None = forecast(campaign, at)
        found = problems(campaign)
    except InvalidRule as error:
        expected, found = None, [_("The segment needs repair: %(why)s") % {"why": error.message}]
    return Summary(
        campaign=campaign,
        previews=previews(campaign),
        forecast=expected,
        parts=_parts(campaign, at) if expected else {},
        who=_who(campaign),
        problems=found,
        shown=shown(campaign),
    )


def shown(campaign: Campaign) -> str:
    return f"{campaign.status}:{content_hash(campaign).hex()}"


def _parts(campaign: Campaign, at: datetime) -> dict[int, int]:
    """Nothing where a text cannot be read: no one will get it."""
    try:
        return dict(sorted(parts_over_audience(campaign, at=at).items()))
    except UnreadableTemplate:
        return {}


def _who(campaign: Campaign) -> str:
    rule = rule_of(campaign)
    if rule is None:
        return _("Everyone on the list.")
    try:
        return describe(rule)
    except InvalidRule as error:
        return error.message
