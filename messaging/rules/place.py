"""Rules about where the person may be: their hours, their age there, who may reach them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from messaging.rules import Objection, SendFacts


@dataclass(frozen=True)
class InsideHours:
    """47 CFR 64.1200(c)(1) and its kin: by the clock where the person is, not by ours."""

    code = "outside_hours"
    sentence = _("It is a permitted hour in every place where the person may be.")

    def check(self, facts: SendFacts) -> Objection | None:
        opens_at = facts.hours.opens_at(facts.at) if facts.hours else None
        return None if opens_at == facts.at else Objection(self.code, retry_at=opens_at)


@dataclass(frozen=True)
class OldEnough:
    """GDPR Art. 8: who is too young to decide alone needs a guardian, and texts fit for them."""

    code = "under_age"
    sentence = _(
        "The person is old enough, or a guardian agreed and the campaign is fit for people "
        "under age."
    )

    def check(self, facts: SendFacts) -> Objection | None:
        minor_may = facts.guardian_agreed and facts.fit_for_minors
        return None if minor_may or not facts.under_age else Objection(self.code)


@dataclass(frozen=True)
class SenderMayReach:
    code = "sender_may_not_reach"
    sentence = _("The sender may text the person's country, and is registered where it must be.")

    def check(self, facts: SendFacts) -> Objection | None:
        may = facts.sender_reaches_country and facts.sender_is_registered
        return None if may else Objection(self.code)
