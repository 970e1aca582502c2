"""A campaign on a virtual clock: who would get it, when, and why the others would not.

The real gate is asked about real people, at the moments at which their texts would leave at the
sender's rate. Nothing is written. Of a large audience only a sample is looked at, and counts are
scaled up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import NamedTuple, Self

from django.db.models import F
from django.db.models.functions import Mod

from messaging import gate
from messaging.audience import audience, kind_of
from messaging.facts import Known, Question, load
from messaging.lanes.wording import Wording
from messaging.models import Campaign, MessageKind, RateLimit, Sender
from messaging.parts import parts
from messaging.places import Place
from messaging.rules import Objection, SendFacts

# More would keep somebody waiting for a page.
MOST_PEOPLE = 5_000
SLICE = 1_000
# A prime: people who came one after the other are spread over the sample.
STRIDE = 7_919
LEAST_WAIT = timedelta(seconds=1)


@dataclass
class Group:
    """The people whose clock is read in the same zones."""

    zones: str
    people: int = 0
    goes: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def note(self, at: datetime) -> None:
        self.goes += 1
        self.first_at = min(self.first_at or at, at)
        self.last_at = max(self.last_at or at, at)


@dataclass
class DryRun:
    """`looked_at` of `audience` people were asked about; counts are of those looked at.

    `reasons` and `waits` count objections by code: "never", and "not now".
    """

    starts_at: datetime
    ends_at: datetime
    audience: int
    looked_at: int = 0
    goes: int = 0
    parts: int = 0
    last_at: datetime | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    by_hour: Counter[datetime] = field(default_factory=Counter)
    groups: dict[str, Group] = field(default_factory=dict)

    @property
    def scale(self) -> float:
        """How many people of the audience each one looked at stands for."""
        return self.audience / self.looked_at if self.looked_at else 1.0

    @property
    def is_sample(self) -> bool:
        return self.looked_at < self.audience

    @property
    def stays(self) -> int:
        return self.looked_at - self.goes


class Person(NamedTuple):
    facts: SendFacts
    place: Place
    parts: int


def dry_run(campaign: Campaign, *, at: datetime) -> DryRun:
    """Run it from `at` on. Raises `InvalidRule` where the segment cannot be read."""
    people, size = _people(campaign, at)
    done = DryRun(at, at + timedelta(hours=campaign.useful_hours), size, len(people))
    _note_groups(done, people)
    _send(campaign, people, done)
    return done


def _people(campaign: Campaign, at: datetime) -> tuple[list[Person], int]:
    meant = audience(campaign)
    size = meant.count()
    if size > MOST_PEOPLE:
        mixed = Mod(F("pk") * STRIDE, -(-size // MOST_PEOPLE))
        meant = meant.annotate(place_in_sample=mixed).filter(place_in_sample=0)
    languages = dict(meant.order_by("pk").values_list("pk", "language")[:MOST_PEOPLE])
    wording = Wording.of_campaigns([campaign.pk])
    found: list[Person] = []
    for ids in _slices(list(languages)):
        questions = [_question(campaign, kind_of(campaign), each) for each in ids]
        known = load(questions, sender=campaign.sender, at=at)
        found += [
            _person(
                about, parts(wording.text_for(campaign.pk, languages[each], about.row["answers"]))
            )
            for each, about in zip(ids, known, strict=True)
            if about is not None
        ]
    return found, max(size, len(found))


def _slices(ids: list[int]) -> list[list[int]]:
    return [ids[first : first + SLICE] for first in range(0, len(ids), SLICE)]


def _question(campaign: Campaign, kind: MessageKind, person: int) -> Question:
    return Question(subscriber_id=person, kind=kind, purpose_id=campaign.purpose_id)


def _person(known: Known, parts_of_text: int) -> Person:
    """As if the campaign ran as it stands, and nobody had frozen anything."""
    facts = replace(known.facts, campaign_runs=True, approval_holds=True, frozen=False)
    return Person(facts, known.place, parts_of_text)


def _note_groups(done: DryRun, people: Sequence[Person]) -> None:
    for person in people:
        zones = _zones_of(person)
        done.groups.setdefault(zones, Group(zones)).people += 1


def _zones_of(person: Person) -> str:
    return ", ".join(sorted(person.place.where.zones))


def _send(campaign: Campaign, people: Sequence[Person], done: DryRun) -> None:
    """Take them in the order in which they are due, each at the moment the rate allows."""
    kind, pace = kind_of(campaign), PaceOfSender.of(campaign, done)
    due = [(done.starts_at, place) for place in range(len(people))]
    heapify(due)
    waited: set[int] = set()
    while due:
        due_at, place = heappop(due)
        person, now = people[place], pace.next_at(due_at)
        said = gate.objections(kind, replace(person.facts, at=now))
        if not said and now < done.ends_at:
            _note_text(done, person, now)
            pace.note(person.parts, now)
            continue
        again_at = gate.retry_at(said) if said else None
        if again_at is None or again_at >= done.ends_at:
            _note_end(done, said)
            continue
        if place not in waited:
            waited.add(place)
            done.waits.update(objection.code for objection in said)
        heappush(due, (max(again_at, now + LEAST_WAIT), place))


@dataclass
class PaceOfSender:
    """When the next text may leave: by the rate of the sender and of its account, and by what the
    carrier takes in one of its days. Each person looked at stands for `scale` people."""

    sender: Sender
    scale: float
    seconds_per_part: float
    free_at: datetime
    sent: Counter[date] = field(default_factory=Counter)

    @classmethod
    def of(cls, campaign: Campaign, done: DryRun) -> Self:
        sender = campaign.sender
        account = RateLimit.objects.filter(provider=sender.provider, country="")
        rates = [sender.parts_per_second, *account.values_list("parts_per_second", flat=True)]
        return cls(sender, done.scale, done.scale / float(min(rates)), done.starts_at)

    def next_at(self, due_at: datetime) -> datetime:
        at, most = max(self.free_at, due_at), self.sender.parts_per_day
        while most is not None and self.sent[self.sender.day_of(at)] >= most:
            at = self.sender.day_ends_at(at)
        return at

    def note(self, parts: int, at: datetime) -> None:
        self.sent[self.sender.day_of(at)] += round(parts * self.scale)
        self.free_at = at + timedelta(seconds=self.seconds_per_part * parts)


def _note_text(done: DryRun, person: Person, at: datetime) -> None:
    done.goes += 1
    done.parts += person.parts
    done.last_at = at
    done.by_hour[at.replace(minute=0, second=0, microsecond=0)] += 1
    done.groups[_zones_of(person)].note(at)


# Nobody objects, but at that rate it would be too late to be useful.
TOO_LATE = "too_late"


def _note_end(done: DryRun, said: list[Objection]) -> None:
    done.reasons.update({objection.code for objection in said} or {TOO_LATE})
