"""What a campaign would do, for whoever is about to let it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import BoundField, ModelForm
from django.utils.translation import gettext as _

from messaging.admin.previews import Preview, previews
from messaging.approvals import content_hash
from messaging.audience import Forecast, forecast, rule_of
from messaging.checklist import Checked
from messaging.costs import Cost, cost
from messaging.lengths import parts_over_audience
from messaging.models import Campaign, CampaignStatus
from messaging.operations.campaigns import checked
from messaging.placeholders import UnreadableTemplate
from messaging.rules.content import CONTENT_RULES
from subscribers.segments import InvalidRule, describe

CheckLine = tuple[Checked, BoundField | None]
BEFORE_START = (CampaignStatus.DRAFT, CampaignStatus.SUBMITTED, CampaignStatus.APPROVED)


@dataclass(frozen=True)
class Summary:
    """`parts` maps the number of parts to how many people get a text of so many.

    `forecast` and `cost` are None where nobody can say, or once it was started.
    """

    campaign: Campaign
    previews: list[Preview]
    forecast: Forecast | None
    parts: dict[int, int]
    cost: Cost | None
    who: str
    checks: list[Checked]
    problems: list[str]
    shown: str

    @property
    def broken(self) -> list[Checked]:
        """What the author has to change or to explain, or did explain."""
        return [line for line in self.checks if not line.holds]

    @property
    def kept(self) -> list[Checked]:
        return [line for line in self.checks if line.holds]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """(rule, the author's words) of what was submitted."""
        rules = {rule.code: str(rule.sentence) for rule in CONTENT_RULES}
        given = self.campaign.justifications.items()
        return [(rules.get(code, code), words) for code, words in given]


def summarize(campaign: Campaign, *, at: datetime) -> Summary:
    """Everything to look at before the next step; `shown` names exactly this content."""
    expected, checks, problems = _expected(campaign, at)
    sizes = _parts(campaign, at) if expected else {}
    return Summary(
        campaign=campaign,
        previews=previews(campaign),
        forecast=expected,
        parts=sizes,
        cost=_cost(campaign, sizes) if expected else None,
        who=_who(campaign),
        checks=checks,
        problems=problems,
        shown=shown(campaign),
    )


def _expected(campaign: Campaign, at: datetime) -> tuple[Forecast | None, list[Checked], list[str]]:
    """What is only asked before it starts: who would get it, and the content rules."""
    if campaign.status not in BEFORE_START:
        return None, [], []
    try:
        checks = checked(campaign, at=at)
        return forecast(campaign, at), checks, [c.problem for c in checks if not c.is_settled]
    except InvalidRule as error:
        return None, [], [_("The segment needs repair: %(why)s") % {"why": error.message}]


def _cost(campaign: Campaign, sizes: dict[int, int]) -> Cost:
    taken = sum(parts * people for parts, people in sizes.items())
    return cost(texts=sum(sizes.values()), parts=taken, sender=campaign.sender)


def lines(summary: Summary, form: ModelForm[Any] | None = None) -> list[CheckLine]:
    """The rules that are broken, with the fields of the draft's form where they ask."""
    return [
        (line, form[reason_field(line.rule.code)] if form and line.asks else None)
        for line in summary.broken
    ]


def reason_field(code: str) -> str:
    """The name of the field in which the author answers this rule."""
    return f"reason_{code}"


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
