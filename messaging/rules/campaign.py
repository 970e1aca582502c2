"""Rules about the campaign and about sending as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from messaging.rules import Objection, SendFacts

LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class CampaignLive:
    code = "campaign_not_live"
    sentence = _("The campaign runs, with the text and audience that were approved.")

    def check(self, facts: SendFacts) -> Objection | None:
        if not facts.approval_holds:
            return Objection(self.code)
        return None if facts.campaign_runs else Objection(self.code, facts.at + LOOK_AGAIN)


@dataclass(frozen=True)
class CanaryPassed:
    code = "canary_watched"
    sentence = _("The campaign's first texts went well, or this is one of them.")

    def check(self, facts: SendFacts) -> Objection | None:
        # At any moment: while the canary is watched nothing of the campaign is claimed.
        return Objection(self.code, facts.at) if facts.canary_waits else None


@dataclass(frozen=True)
class SendingNotFrozen:
    code = "sending_frozen"
    sentence = _("Nobody has frozen sending, and every erasure is in the database.")

    def check(self, facts: SendFacts) -> Objection | None:
        return Objection(self.code, facts.at + LOOK_AGAIN) if facts.frozen else None
