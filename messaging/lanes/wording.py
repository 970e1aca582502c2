"""What the campaigns of one turn say, and whether they may say it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from consent import erasure_list
from messaging.approvals import approval_holds
from messaging.composition import templates
from messaging.figures import room_left
from messaging.lanes.claims import Claimed
from messaging.lengths import slots_of
from messaging.models import Campaign, CampaignStatus, SendingFreeze
from messaging.parts import parts
from messaging.placeholders import Template, UnreadableTemplate, fill
from messaging.rules import SendFacts
from messaging.values import Slot


def is_frozen() -> bool:
    """Somebody stopped all marketing, or the database was restored and may have brought back
    people who were erased."""
    return SendingFreeze.objects.filter(ended_at=None).exists() or erasure_list.is_ahead()


@dataclass
class Wording:
    """Loaded once per turn, after the locks, for all campaigns in the batch.

    Templates are read once per campaign and language, and filled once per message.
    """

    texts: dict[int, dict[str, Template]] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    runs: dict[int, bool] = field(default_factory=dict)
    approved: dict[int, bool] = field(default_factory=dict)
    fit_for_minors: dict[int, bool] = field(default_factory=dict)
    # How many texts of a campaign's canary may still leave; campaigns without one are not here.
    room: dict[int, int] = field(default_factory=dict)
    frozen: bool = False
    _counted: dict[str, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, batch: Iterable[Claimed]) -> Wording:
        return cls.of_campaigns({message.campaign_id for message in batch if message.campaign_id})

    @classmethod
    def of_campaigns(cls, ids: Collection[int]) -> Wording:
        wording = cls(frozen=bool(ids) and is_frozen())
        campaigns = Campaign.objects.filter(pk__in=ids)
        for campaign in campaigns.select_related("purpose").prefetch_related("texts"):
            wording.texts[campaign.pk] = _readable(campaign)
            wording.runs[campaign.pk] = campaign.status == CampaignStatus.RUNNING
            readable = bool(wording.texts[campaign.pk])
            wording.approved[campaign.pk] = readable and approval_holds(campaign)
            wording.fit_for_minors[campaign.pk] = campaign.fit_for_minors
            if campaign.has_canary:
                wording.room[campaign.pk] = room_left(campaign)
        wording.slots = slots_of([t for texts in wording.texts.values() for t in texts.values()])
        return wording

    def facts(self, message: Claimed) -> SendFacts:
        """The facts of one message, with what is known about its campaign."""
        readable = {"number_known": bool(message.to)}
        if message.campaign_id is None:
            return message.known.facts_with(**readable)
        return message.known.facts_with(**readable, **self.about(message.campaign_id))

    def about(self, campaign_id: int) -> dict[str, Any]:
        """What `SendFacts` has of a campaign."""
        return {
            "campaign_runs": self.runs[campaign_id],
            "approval_holds": self.approved[campaign_id],
            "fit_for_minors": self.fit_for_minors[campaign_id],
            "canary_waits": campaign_id in self.full_canaries(),
            "frozen": self.frozen,
        }

    def note_allowed(self, message: Claimed) -> None:
        """One of the batch may go: the next one of its campaign finds that much less room."""
        if message.campaign_id in self.room:
            self.room[message.campaign_id] -= 1

    def full_canaries(self) -> list[int]:
        """The campaigns whose first texts all left."""
        return [campaign_id for campaign_id, room in self.room.items() if room <= 0]

    def body(self, message: Claimed) -> str:
        """The text for one person, as it leaves."""
        return self.text_for(message.campaign_id or 0, message.language, message.answers)

    def parts_of(self, body: str) -> int:
        """Its parts; where all get the same words they are counted once a turn."""
        if body not in self._counted:
            self._counted[body] = parts(body)
        return self._counted[body]

    def text_for(self, campaign_id: int, language: str, answers: str) -> str:
        """The same from the person's attributes as JSON; "" where the words cannot be read."""
        texts = self.texts[campaign_id]
        template = texts.get(language) or texts.get("")
        if template is None:
            return ""
        known = json.loads(answers) if template.placeholders else {}
        return fill(template, known, self.slots)


def _readable(campaign: Campaign) -> dict[str, Template]:
    """Empty when its words cannot be read: nothing of it may leave."""
    try:
        return templates(campaign)
    except UnreadableTemplate:
        return {}
