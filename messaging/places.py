"""What the places where a person may be ask of a text to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.policy.overrides import Override, live_overrides
from consent.policy.requirements import Requirements, requirements
from consent.policy.sending_hours import SendingHours, sending_hours
from messaging.models import MessageKind, Sender
from messaging.rules import Cap
from subscribers.zones import Whereabouts, whereabouts

WHERE = ("time_zone", "region", "number_area", "country")


@dataclass(frozen=True, slots=True)
class Place:
    """Where someone may be, what is asked there, and when it is a good time."""

    where: Whereabouts
    asked: Requirements
    hours: SendingHours
    caps: tuple[Cap, ...]


class Places:
    """Answers for one moment. Most people of a batch live in the same few places."""

    def __init__(self, at: datetime, overrides: tuple[Override, ...] | None = None) -> None:
        self.at = at
        self.overrides = live_overrides(at=at) if overrides is None else overrides
        self._known: dict[tuple[str, ...], Place] = {}

    def of(self, person: Mapping[str, Any], kind: MessageKind) -> Place:
        """`person` has the columns of `Subscriber` named in `WHERE`."""
        # Policy packs know two kinds of text; what people wait for is service as well.
        about = "marketing" if kind is MessageKind.MARKETING else "service"
        key = (about, *(person[name] for name in WHERE))
        place = self._known.get(key)
        if place is None:
            place = self._known[key] = self._place({name: person[name] for name in WHERE}, about)
        return place

    def _place(self, person: dict[str, str], about: str) -> Place:
        where = whereabouts(**person)
        asked = requirements(where.jurisdictions, at=self.at, kind=about, overrides=self.overrides)
        hours = sending_hours(where, at=self.at, kind=about, overrides=self.overrides)
        caps = tuple(Cap(cap.texts, cap.hours) for cap in asked.caps)
        return Place(where, asked, hours, caps)


def may_reach(sender: Sender, country: str) -> bool:
    """The sender is meant for that country; without a list, for all."""
    return not sender.countries or country in sender.countries


def is_registered(sender: Sender, country: str, asked: Requirements) -> bool:
    """Where a sender must be registered before it texts, it is."""
    return not asked.needs_sender_registration or country in sender.registered_countries
