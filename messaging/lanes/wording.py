"""What the campaigns of one turn say, and whether they may say it."""

from __future__ import annotations

import functools
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
from messaging.models import Campaign, CampaignStatus
from messaging.parts import parts
from messaging.placeholders import Template, UnreadableTemplate, fill
from messaging.rules import SendFacts
from messaging.statements import rows, version, versions
from messaging.values import Slot

FROZEN = "SELECT EXISTS (SELECT 1 FROM messaging_sendingfreeze WHERE ended_at IS NULL) AS frozen"
# Everything that words and approval are made from.
VERSIONS = f"""
    SELECT k.id, concat_ws(' ', {version("k", "p")},
        {versions("messaging_campaigntext", "y.campaign_id = k.id")},
        {versions("subscribers_attribute")}) AS version
    FROM messaging_campaign k JOIN consent_purpose p ON p.id = k.purpose_id
    WHERE k.id = ANY(%(campaigns)s)
"""
REMEMBERED = 100


def is_frozen() -> bool:
    """Somebody stopped all marketing, or the database was restored and may have brought back
    people who were erased."""
    return bool(rows(FROZEN, {})[0]["frozen"]) or erasure_list.is_ahead()


@dataclass(frozen=True, slots=True)
class Words:
    """What one campaign says in each language, and whether it may; `texts` is empty when its words
    cannot be read: nothing of it may leave."""

    texts: dict[str, Template]
    slots: dict[str, Slot]
    runs: bool
    approved: bool
    fit_for_minors: bool
    has_canary: bool


@functools.lru_cache(maxsize=REMEMBERED)
def _words(campaign_id: int, version: str) -> Words:
    """As they stand. A version that was outdated meanwhile never comes again."""
    campaign = Campaign.objects.select_related("purpose").get(pk=campaign_id)
    try:
        texts = templates(campaign)
    except UnreadableTemplate:
        texts = {}
    return Words(
        texts=texts,
        slots=slots_of(texts.values()),
        runs=campaign.status == CampaignStatus.RUNNING,
        approved=bool(texts) and approval_holds(campaign),
        fit_for_minors=campaign.fit_for_minors,
        has_canary=campaign.has_canary,
    )


@dataclass
class Wording:
    """Looked at once per turn, after the locks, for all campaigns in the batch, and filled once per
    message."""

    words: dict[int, Words] = field(default_factory=dict)
    # How many texts of a campaign's canary may still leave; campaigns without one are not here.
    room: dict[int, int] = field(default_factory=dict)
    frozen: bool = False
    _counted: dict[str, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, batch: Iterable[Claimed]) -> Wording:
        return cls.of_campaigns({message.campaign_id for message in batch if message.campaign_id})

    @classmethod
    def of_campaigns(cls, ids: Collection[int]) -> Wording:
        if not ids:
            return cls()
        found = rows(VERSIONS, {"campaigns": list(ids)})
        words = {row["id"]: _words(row["id"], row["version"]) for row in found}
        first = Campaign.objects.filter(
            pk__in=[pk for pk, each in words.items() if each.has_canary]
        )
        return cls(words, {each.pk: room_left(each) for each in first}, is_frozen())

    def facts(self, message: Claimed) -> SendFacts:
        """The facts of one message, with what is known about its campaign."""
        readable = {"number_known": bool(message.to)}
        if message.campaign_id is None:
            return message.known.facts_with(**readable)
        return message.known.facts_with(**readable, **self.about(message.campaign_id))

    def about(self, campaign_id: int) -> dict[str, Any]:
        """What `SendFacts` has of a campaign."""
        words = self.words[campaign_id]
        return {
            "campaign_runs": words.runs,
            "approval_holds": words.approved,
            "fit_for_minors": words.fit_for_minors,
            "canary_waits": self.canary_is_full(campaign_id),
            "frozen": self.frozen,
        }

    def note_allowed(self, message: Claimed) -> None:
        """One of the batch may go: the next one of its campaign finds that much less room."""
        if message.campaign_id in self.room:
            self.room[message.campaign_id] -= 1

    def canary_is_full(self, campaign_id: int | None) -> bool:
        return self.room.get(campaign_id or 0, 1) <= 0

    def full_canaries(self) -> list[int]:
        """The campaigns whose first texts all left."""
        return [campaign_id for campaign_id in self.room if self.canary_is_full(campaign_id)]

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
        words = self.words[campaign_id]
        template = words.texts.get(language) or words.texts.get("")
        if template is None:
            return ""
        known = json.loads(answers) if template.placeholders else {}
        return fill(template, known, words.slots)
