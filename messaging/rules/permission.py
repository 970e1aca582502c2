"""Rules about the person: did they say yes, and have they not said no?"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from messaging.rules import Objection, SendFacts


@dataclass(frozen=True)
class ConsentStands:
    code = "consent_missing"
    sentence = _("The person confirmed this purpose and has not withdrawn it.")

    def check(self, facts: SendFacts) -> Objection | None:
        return None if facts.consented else Objection(self.code)


@dataclass(frozen=True)
class NotSuppressed:
    code = "suppressed"
    sentence = _("The number has not told us to stop.")

    def check(self, facts: SendFacts) -> Objection | None:
        return Objection(self.code) if facts.suppressed else None


@dataclass(frozen=True)
class NotOnHold:
    code = "on_hold"
    sentence = _("No unclear text from the person waits to be understood.")

    def check(self, facts: SendFacts) -> Objection | None:
        if facts.held_until is None:
            return None
        # Whoever is undecided about by then counts as having said stop.
        is_over = facts.held_until <= facts.at
        return Objection(self.code, retry_at=None if is_over else facts.held_until)


@dataclass(frozen=True)
class NotPaused:
    code = "paused_by_person"
    sentence = _("The person has not paused texts.")

    def check(self, facts: SendFacts) -> Objection | None:
        if facts.paused_until is None or facts.paused_until <= facts.at:
            return None
        return Objection(self.code, retry_at=facts.paused_until)


@dataclass(frozen=True)
class NumberKnown:
    code = "number_unknown"
    sentence = _("We still have the person's number and can read it.")

    def check(self, facts: SendFacts) -> Objection | None:
        return None if facts.number_known else Objection(self.code)


@dataclass(frozen=True)
class NumberUsable:
    code = "number_unusable"
    sentence = _("No carrier has told us that the number is gone or takes no texts.")

    def check(self, facts: SendFacts) -> Objection | None:
        return None if facts.number_usable else Objection(self.code)


@dataclass(frozen=True)
class NotRestricted:
    """GDPR Art. 18: data under restriction is kept and not used."""

    code = "restricted"
    sentence = _("The person has not asked us to keep their data without using it.")

    def check(self, facts: SendFacts) -> Objection | None:
        return Objection(self.code) if facts.restricted else None


@dataclass(frozen=True)
class ProvenanceKnown:
    code = "provenance_unknown"
    sentence = _("The evidence of how the person said yes is on record.")

    def check(self, facts: SendFacts) -> Objection | None:
        return Objection(self.code) if facts.consented and not facts.provenance_known else None


@dataclass(frozen=True)
class StillFresh:
    """Such as the three years without a sign of the person after which CNIL wants a new yes."""

    code = "yes_faded"
    sentence = _("The person gave a sign of life since their yes would otherwise have faded.")

    def check(self, facts: SendFacts) -> Objection | None:
        faded = facts.fades_at is not None and facts.fades_at <= facts.at
        return Objection(self.code) if faded else None


@dataclass(frozen=True)
class RequestOpen:
    code = "request_closed"
    sentence = _("The request this text is about still waits for an answer.")

    def check(self, facts: SendFacts) -> Objection | None:
        return None if facts.request_open else Objection(self.code)
