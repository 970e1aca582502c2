"""May we send? The one place that decides, asked at the last moment for every text.

Each kind of text has its tuple of rules. All objections are kept, so that "why
was she not texted?" has a full answer. No setting removes a rule. To add one,
write it in messaging/rules/ and put it into its tuple (docs/adding-a-rule.md).
"""

from __future__ import annotations

from datetime import datetime

from messaging.models import MessageKind
from messaging.rules import Objection, Rule, SendFacts
from messaging.rules.campaign import CampaignLive, CanaryPassed, SendingNotFrozen
from messaging.rules.frequency import (
    AnsweredOnce,
    WithinChosenFrequency,
    WithinJurisdictionCap,
    WithinPromise,
)
from messaging.rules.permission import (
    ConsentStands,
    NotOnHold,
    NotPaused,
    NotRestricted,
    NotSuppressed,
    NumberKnown,
    NumberUsable,
    ProvenanceKnown,
    RequestOpen,
    StillFresh,
)
from messaging.rules.place import InsideHours, OldEnough, SenderMayReach

MARKETING_RULES: tuple[Rule, ...] = (
    ConsentStands(),
    NotSuppressed(),
    NotOnHold(),
    NotPaused(),
    WithinChosenFrequency(),
    NotRestricted(),
    NumberKnown(),
    NumberUsable(),
    OldEnough(),
    ProvenanceKnown(),
    WithinPromise(),
    WithinJurisdictionCap(),
    InsideHours(),
    SenderMayReach(),
    CampaignLive(),
    CanaryPassed(),
    StillFresh(),
    SendingNotFrozen(),
)
# An appointment or a delivery: no less consent, but no hours and no caps for advertising.
SERVICE_RULES: tuple[Rule, ...] = (
    ConsentStands(),
    NotSuppressed(),
    NotOnHold(),
    NotPaused(),
    WithinChosenFrequency(),
    NotRestricted(),
    NumberKnown(),
    NumberUsable(),
    OldEnough(),
    ProvenanceKnown(),
    WithinPromise(),
    SenderMayReach(),
    CampaignLive(),
    CanaryPassed(),
    SendingNotFrozen(),
)
CONFIRMATION_RULES: tuple[Rule, ...] = (RequestOpen(), NotSuppressed(), NumberKnown())
WELCOME_RULES: tuple[Rule, ...] = (NotSuppressed(), NumberKnown())
STOP_ANSWER_RULES: tuple[Rule, ...] = (AnsweredOnce(), NumberKnown())
HELP_ANSWER_RULES: tuple[Rule, ...] = (AnsweredOnce(), NumberKnown())
ACCESS_CODE_RULES: tuple[Rule, ...] = (NotSuppressed(), NumberKnown())
NUMBER_CHANGE_RULES: tuple[Rule, ...] = (NotSuppressed(), NumberKnown())
# The one text that a yes permits when it is about to end, or has ended. Nobody waits for it.
RECONFIRMATION_RULES: tuple[Rule, ...] = (
    RequestOpen(),
    NotSuppressed(),
    NotOnHold(),
    NotRestricted(),
    NumberKnown(),
    NumberUsable(),
    InsideHours(),
)
GUARDIAN_RULES: tuple[Rule, ...] = (
    RequestOpen(), NotSuppressed(), NotRestricted(), NumberKnown(), NumberUsable(),
)  # fmt: skip

RULES: dict[MessageKind, tuple[Rule, ...]] = {
    MessageKind.MARKETING: MARKETING_RULES,
    MessageKind.SERVICE: SERVICE_RULES,
    MessageKind.CONFIRMATION: CONFIRMATION_RULES,
    MessageKind.WELCOME: WELCOME_RULES,
    MessageKind.STOP_ANSWER: STOP_ANSWER_RULES,
    MessageKind.HELP_ANSWER: HELP_ANSWER_RULES,
    MessageKind.ACCESS_CODE: ACCESS_CODE_RULES,
    MessageKind.NUMBER_CHANGE: NUMBER_CHANGE_RULES,
    MessageKind.RECONFIRMATION: RECONFIRMATION_RULES,
    MessageKind.GUARDIAN: GUARDIAN_RULES,
}
# Without these a campaign text may not exist; messaging.E006 refuses to start.
MANDATORY = (
    ConsentStands,
    NotSuppressed,
    NotOnHold,
    NotRestricted,
    OldEnough,
    ProvenanceKnown,
    WithinPromise,
    SenderMayReach,
    CampaignLive,
    CanaryPassed,
    SendingNotFrozen,
)
MANDATORY_FOR_MARKETING = (*MANDATORY, WithinJurisdictionCap, InsideHours, StillFresh)


def objections(kind: MessageKind, facts: SendFacts) -> list[Objection]:
    """Every reason not to send this text now; empty: it may go."""
    return [said for rule in RULES[kind] if (said := rule.check(facts)) is not None]


def retry_at(said: list[Objection]) -> datetime | None:
    """When to ask again, if every objection is only "not now"."""
    times = [objection.retry_at for objection in said]
    return None if None in times else max(time for time in times if time is not None)


def sentence(code: str) -> str:
    """The permitted state that an objection misses, in words for staff."""
    for rules in RULES.values():
        for rule in rules:
            if rule.code == code:
                return str(rule.sentence)
    return code
