"""A draft beside the content rules: which it keeps, which it breaks, and what its author says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from messaging.rules.content import CONTENT_RULES, ContentRule, DraftFacts

# "ok" explains nothing to whoever approves.
SHORTEST_REASON = 10
LONGEST_REASON = 500


@dataclass(frozen=True)
class Checked:
    """One rule's answer. `reason` are the author's words where the rule asks for them."""

    rule: ContentRule
    holds: bool
    faults: list[str]
    reason: str

    @property
    def asks(self) -> bool:
        """It is broken, and may be all the same where the author says why."""
        return not self.holds and not self.rule.blocks

    @property
    def is_settled(self) -> bool:
        return self.holds or (self.asks and len(self.reason.strip()) >= SHORTEST_REASON)

    @property
    def problem(self) -> str:
        sentence = str(self.rule.sentence)
        return _("Change it, or say why: %s") % sentence if self.asks else sentence


def checklist(draft: DraftFacts, justifications: Mapping[str, str]) -> list[Checked]:
    """Every content rule, in the order of the tuple."""
    return [
        Checked(
            rule=rule,
            holds=rule.holds(draft),
            faults=list(dict.fromkeys(rule.faults(draft))),
            reason=justifications.get(rule.code, ""),
        )
        for rule in CONTENT_RULES
    ]
