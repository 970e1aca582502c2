"""What this app holds about a person."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from consent.evidence_words import in_words
from consent.ledger import evidence
from consent.models import (
    AccessCode,
    Confirmation,
    Consent,
    ConsentEvent,
    ConsentEvidence,
    Guardianship,
    GuardianshipEnd,
    Hold,
    NumberChange,
    PageLink,
    Preference,
    Suppression,
)
from consent.standing import StandingLine, standings
from subscribers.models import Subscriber
from subscribers.privacy import HistoryLine


class ConsentStore:
    label = "consent"
    holds = (
        ConsentEvent, Consent, Confirmation, Preference, Hold, PageLink, AccessCode, NumberChange,
        Guardianship,
    )  # fmt: skip

    def describe(self) -> str:
        return "What the person agreed to, with its evidence (encrypted), and their choices."

    def export(self, subscriber: Subscriber) -> dict[str, object]:
        lines = standings(subscriber=subscriber, at=timezone.now())
        return {
            "standing": [_standing(line) for line in lines],
            "stopped_since": [each.since_at.isoformat() for each in _live(subscriber)],
            "held_since": _times(subscriber.holds.filter(released_at=None), "since_at"),
            "requests": [
                {"at": request.requested_at.isoformat(), "outcome": request.outcome}
                for request in subscriber.confirmations.order_by("requested_at")
            ],
            "codes_sent": _times(subscriber.access_codes, "sent_at"),
            "links_made": _times(subscriber.links, "created_at"),
            "number_changes_asked": _times(subscriber.number_changes, "requested_at"),
            "guardians_asked": [_guardianship(each) for each in _by_time(subscriber.guardianships)],
            "asked_as_a_guardian": [
                _guardianship(each) for each in _by_time(subscriber.guardianships_held)
            ],
            "history": [_event(event) for event in _events(subscriber)],
        }

    def history(self, subscriber: Subscriber) -> list[HistoryLine]:
        asked = _by_time(subscriber.guardianships_held)
        return [*map(_line, _events(subscriber)), *map(_asked_as_guardian, asked)]

    def erase(self, subscriber: Subscriber, *, at: datetime) -> None:
        """Evidence, codes, links and choices go; the events stay and name nobody."""
        # By key: the planner, left to join, would read all evidence there is for one person's.
        events = list(subscriber.events.values_list("pk", flat=True))
        ConsentEvidence.objects.filter(pk__in=events).delete()
        for model in (AccessCode, PageLink, Preference, Hold, Confirmation, NumberChange):
            model.objects.filter(subscriber=subscriber).delete()
        NumberChange.objects.filter(holder=subscriber).delete()
        self._forget_age(subscriber, at)

    def _forget_age(self, subscriber: Subscriber, at: datetime) -> None:
        """Guardianships stay, ended, for the other of the two; they name nobody any more."""
        mine = Guardianship.objects.filter(subscriber=subscriber)
        mine.filter(ended_at=None).update(ended_at=at, ended_because=GuardianshipEnd.ERASED)
        mine.update(band_ends_date=None)


def _by_time(guardianships: object) -> list[Guardianship]:
    return list(guardianships.order_by("requested_at"))  # type: ignore[attr-defined]


def _guardianship(each: Guardianship) -> dict[str, object]:
    """Times only: neither of the two learns here who the other is."""
    return {
        "asked": each.requested_at.isoformat(),
        "agreed": each.agreed_at.isoformat() if each.agreed_at else None,
        "ended": each.ended_at.isoformat() if each.ended_at else None,
        "because": each.ended_because,
    }


def _asked_as_guardian(each: Guardianship) -> HistoryLine:
    told = {
        _("You agreed"): each.agreed_at.isoformat() if each.agreed_at else "",
        _("It ended"): each.ended_at.isoformat() if each.ended_at else "",
        _("Because"): each.get_ended_because_display() if each.ended_because else "",
    }
    what = _("A young person named you as their guardian")
    return HistoryLine(each.requested_at, what, {name: said for name, said in told.items() if said})


def _live(subscriber: Subscriber) -> list[Suppression]:
    digests = subscriber.number_digests
    return list(Suppression.objects.filter(number_digest__in=digests, lifted_at=None))


def _times(rows: object, field: str) -> list[str]:
    found = rows.order_by(field).values_list(field, flat=True)  # type: ignore[attr-defined]
    return [at.isoformat() for at in found]


def _standing(line: StandingLine) -> dict[str, object]:
    paused = line.paused_until_at
    return {
        "purpose": line.purpose.name,
        "controller": line.purpose.controller,
        "status": line.status.value,
        "since": line.since_at.isoformat(),
        "promised": _often(line.promised_texts, line.promised_days),
        "chosen": _often(line.chosen_texts, line.chosen_days),
        "paused_until": paused.isoformat() if paused else None,
    }


def _often(texts: int | None, days: int | None) -> dict[str, int] | None:
    return {"texts": texts, "days": days} if texts and days else None


def _events(subscriber: Subscriber) -> list[ConsentEvent]:
    events = subscriber.events.select_related("purpose", "subject__subject_key")
    return list(events.order_by("occurred_at", "id"))


def _event(event: ConsentEvent) -> dict[str, object]:
    return {
        "kind": event.kind,
        "at": event.occurred_at.isoformat(),
        "by": event.actor_kind,
        "purpose": event.purpose.name if event.purpose else None,
        "evidence": without_names(evidence(event)),
    }


def without_names(proof: dict[str, object]) -> dict[str, object]:
    """That staff acted is the person's to know; which of them is not."""
    return {name: value for name, value in proof.items() if name != "staff"}


def _line(event: ConsentEvent) -> HistoryLine:
    what = capfirst(event.what)
    if event.purpose is not None:
        what = f"{what}: {event.purpose.name}"
    proof = without_names(evidence(event))
    shown = proof.pop("shown_text", "")
    details = {_("By"): event.get_actor_kind_display(), **in_words(proof)}
    return HistoryLine(event.occurred_at, what, details, str(shown))
