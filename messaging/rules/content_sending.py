"""Rules about how a draft would be sent, and to whom."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from messaging.rules.drafts import ContentRule, DraftFacts

MOST_PARTS = 10


class ShortEnough(ContentRule):
    code = "too_long"
    sentence = _("No text takes more than ten parts.")
    advice = _("Shorten it. Phones show long texts badly, and each part costs.")

    def holds(self, draft: DraftFacts) -> bool:
        return all(parts <= MOST_PARTS for parts in draft.parts.values())


class PurposeIsTexted(ContentRule):
    code = "purpose_not_texted"
    sentence = _("The purpose is one that people agree to be texted for.")
    advice = _("Choose another purpose.")

    def holds(self, draft: DraftFacts) -> bool:
        return draft.purpose_is_texted


class SenderInUse(ContentRule):
    code = "sender_not_in_use"
    sentence = _("The sender is in use and has a provider.")
    advice = _("Choose another sender.")

    def holds(self, draft: DraftFacts) -> bool:
        return draft.sender_is_active


class SenderHasRate(ContentRule):
    code = "sender_without_rate"
    sentence = _("The sender has a rate at which its texts may leave.")
    advice = _("Choose another sender, or have its parts per second entered.")

    def holds(self, draft: DraftFacts) -> bool:
        return draft.parts_per_second > 0


class HasAudience(ContentRule):
    code = "nobody"
    sentence = _("At least one person is meant.")
    advice = _("Choose another list or segment: nobody is in this one.")

    def holds(self, draft: DraftFacts) -> bool:
        return draft.audience > 0


class SenderReachesAudience(ContentRule):
    code = "country_out_of_reach"
    sentence = _(
        "The sender may text every country of the audience, and is registered where it must be."
    )
    advice = _("Choose another sender or a segment, or say why those people are to get nothing.")
    blocks = False

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        yield from sorted(draft.out_of_reach)
