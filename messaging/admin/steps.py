"""The steps of a campaign as buttons: each is one operation, asked for by POST."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.models import Campaign, CampaignStatus
from messaging.operations import campaigns
from subscribers.authorization import NotAuthorized, authorize

S = CampaignStatus
# The way as drawn on the page; pausing happens within "running".
WAY = (S.DRAFT, S.SUBMITTED, S.APPROVED, S.RUNNING, S.FINISHED)


@dataclass(frozen=True)
class Step:
    """`has_page`: the button leads to a page that shows everything once more."""

    verb: str
    label: str | Promise
    done: str | Promise
    operation: Callable[..., None]
    permission: str
    has_page: bool = False
    # Whose work the step judges: none of them may take it.
    authors: Callable[[Campaign], Collection[int]] = lambda campaign: ()


STEPS = {
    step.verb: step
    for step in (
        Step(
            "submit",
            _("Submit for approval"),
            _("Submitted. A second person can approve it now."),
            campaigns.submit_campaign,
            "messaging.submit_campaign",
        ),
        Step(
            "approve",
            _("Approve"),
            _("Approved. It does not send before someone starts it."),
            campaigns.approve_campaign,
            "messaging.approve_campaign",
            has_page=True,
            authors=lambda campaign: campaign.author_ids,
        ),
        Step(
            "return",
            _("Send back to draft"),
            _("It is a draft again. Nothing is approved any more."),
            campaigns.return_to_draft,
            "messaging.submit_campaign",
        ),
        Step(
            "start",
            _("Start"),
            _("It runs."),
            campaigns.start_campaign,
            "messaging.run_campaign",
            has_page=True,
        ),
        Step(
            "pause",
            _("Pause"),
            _("Paused. Nothing more leaves."),
            campaigns.pause_campaign,
            "messaging.run_campaign",
        ),
        Step(
            "resume",
            _("Resume"),
            _("It runs again."),
            campaigns.resume_campaign,
            "messaging.run_campaign",
        ),
        Step(
            "restart",
            _("Let it go on"),
            _("It runs again. Its first texts go alone."),
            campaigns.restart_campaign,
            "messaging.restart_campaign",
            has_page=True,
            authors=campaigns.had_a_hand_in,
        ),
        Step(
            "cancel",
            _("Cancel"),
            _("Cancelled for good."),
            campaigns.cancel_campaign,
            "messaging.run_campaign",
            has_page=True,
        ),
    )
}
# A draft is submitted by the form that saves it, so that nothing typed is lost.
NEXT = {S.SUBMITTED: "approve", S.APPROVED: "start", S.PAUSED: "resume"}
BESIDE = {
    S.DRAFT: (),
    S.SUBMITTED: ("return", "cancel"),
    S.APPROVED: ("return", "cancel"),
    S.RUNNING: ("pause", "cancel"),
    S.PAUSED: ("cancel",),
}


@dataclass(frozen=True)
class Button:
    step: Step
    refusal: str


@dataclass(frozen=True)
class Place:
    """One stop of the way, as drawn."""

    label: str
    is_past: bool
    is_here: bool


def next_button(campaign: Campaign, actor: Any, at: datetime) -> Button | None:
    """The one obvious step; shown even when this person may not take it, with the reason."""
    verb = "restart" if campaign.is_tripped else NEXT.get(S(campaign.status))
    return button(STEPS[verb], campaign, actor, at) if verb else None


def other_buttons(campaign: Campaign, actor: Any, at: datetime) -> list[Button]:
    """Further steps that this person may take."""
    verbs = BESIDE.get(S(campaign.status), ())
    buttons = (button(STEPS[verb], campaign, actor, at) for verb in verbs)
    return [one for one in buttons if not one.refusal]


def button(step: Step, campaign: Campaign, actor: Any, at: datetime) -> Button:
    try:
        authorize(actor=actor, action=step.permission, authors=step.authors(campaign), at=at)
    except NotAuthorized as refusal:
        return Button(step, refusal.reason)
    return Button(step, "")


def way(campaign: Campaign) -> list[Place]:
    """Where the campaign stands among the five stops."""
    status = S(campaign.status)
    if status is S.CANCELLED:
        return [Place(str(S.CANCELLED.label), is_past=False, is_here=True)]
    here = WAY.index(S.RUNNING if status is S.PAUSED else status)
    return [
        Place(
            campaign.status_in_words if index == here else str(stop.label),
            is_past=index < here,
            is_here=index == here,
        )
        for index, stop in enumerate(WAY)
    ]
