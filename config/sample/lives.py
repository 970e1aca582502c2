"""What becomes of each person after they signed up, act by act."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from config.sample import sending, words
from config.sample.doors import Doors, on_own_page, subscriber_of
from config.sample.library import Library
from config.sample.people import Fate, Person, Visit
from config.sample.phones import GUARDIANS
from config.sample.timeline import DAY, HOUR, MINUTE, Timeline
from consent.models import ActorKind, Hold, SuppressionSource
from consent.operations.erasure import erase_subscriber
from consent.operations.holds import release_hold
from consent.operations.preferences import choose_frequency, pause
from consent.operations.staff import stop_for_person
from consent.operations.withdrawal import stop_all_texts, withdraw_consent
from subscribers.models import AccessAction, AgeBand
from subscribers.operations import add_to_list, record_access, remember_subscriber


@dataclass
class Lives:
    """Plans what everyone does; `luck` decides what is left open."""

    library: Library
    timeline: Timeline
    luck: Random

    def __post_init__(self) -> None:
        self.calendar = self.timeline.calendar
        self.doors = Doors(self.library, self.luck)
        self._guardians = GUARDIANS

    def plan(self, person: Person) -> None:
        for visit in person.visits:
            self.timeline.plan(visit.at, functools.partial(self.doors.ask, person, visit))
            self._plan_answer(person, visit)
        if later := LATER.get(person.fate):
            later(self, person)

    def _plan_answer(self, person: Person, visit: Visit) -> None:
        at = visit.at + visit.answers_after
        if person.fate is Fate.DECLINED:
            self.timeline.plan(at, functools.partial(self.doors.text, person, "NO"))
        elif person.fate not in (Fate.ASKED, Fate.SILENT):
            self.timeline.plan(at, functools.partial(self.doors.answer, person, visit))

    def _stop(self, person: Person, at: datetime) -> None:
        sending.settle_system_texts()
        self.doors.text(person, self.luck.choice(words.STOP_IN[person.phone.language]), at)

    def stands(self, person: Person) -> None:
        """Some of them write to us once."""
        body = ""
        if person.number % 31 == 0:
            body = words.HELP_IN[person.phone.language]
        elif person.number % 23 == 0:
            body = words.CHATTER[person.number % len(words.CHATTER)]
        if body:
            at = self.calendar.days_ago(self.luck.randrange(1, 15), self.luck.randrange(8, 20))
            self.timeline.plan(at, functools.partial(self.doors.text, person, body))

    def was_held(self, person: Person) -> None:
        since = self.calendar.winter_sale - 5 * HOUR
        self.timeline.plan(since, functools.partial(self._hold, person))
        self.timeline.plan(since + 20 * HOUR, functools.partial(self._release, person))

    def held(self, person: Person) -> None:
        """Since yesterday or today: whoever is undecided for longer counts as gone."""
        at = self.calendar.now - self.luck.uniform(1, 16) * HOUR
        self.timeline.plan(at, functools.partial(self._hold, person))

    def _hold(self, person: Person, at: datetime) -> None:
        self.doors.text(person, words.UNCLEAR[person.number % len(words.UNCLEAR)], at)

    def _release(self, person: Person, at: datetime) -> None:
        live = Hold.objects.filter(subscriber=subscriber_of(person), released_at=None).first()
        if live is not None:
            release_hold(
                actor=self.library.staff.privacy, hold=live, reason="A question, no stop", at=at
            )

    def rarely(self, person: Person) -> None:
        """At most one offer in three months, chosen right after the welcome."""

        def choose(at: datetime) -> None:
            offers = self.library.purposes["offers"]
            choose_frequency(subscriber=subscriber_of(person), purpose=offers, texts=1, days=90)

        self.timeline.plan(person.visits[-1].at + HOUR, choose)

    def paused(self, person: Person) -> None:
        until = self.calendar.now + 60 * DAY

        def pause_all(at: datetime) -> None:
            pause(subscriber=subscriber_of(person), until=until)

        self.timeline.plan(self.calendar.winter_sale - DAY, pause_all)

    def withdrew(self, person: Person) -> None:
        """On their page, most of them in the days after a text."""
        after = self.calendar.late_evening if person.number % 2 else self.calendar.totes
        at = after + self.luck.uniform(1, 70) * HOUR
        self.timeline.plan(at, functools.partial(self._withdraw_news, person))

    def _withdraw_news(self, person: Person, at: datetime) -> None:
        withdraw_consent(
            subscriber=subscriber_of(person),
            purpose=self.library.purposes["news"],
            circumstances=on_own_page(person),
            at=at,
        )

    def stopped(self, person: Person) -> None:
        """By text in answer to a campaign; one on the page, one at a desk."""
        match person.number % 10:
            case 0:
                at = self.calendar.days_ago(60, 15)
                self.timeline.plan(at, functools.partial(self._stop_on_page, person))
            case 1:
                at = self.calendar.days_ago(16, 14)
                self.timeline.plan(at, functools.partial(self._stop_at_desk, person))
            case turn:
                campaign = self.calendar.late_evening if turn % 2 else self.calendar.winter_sale
                at = campaign + (2 + 7 * turn) * MINUTE
                self.timeline.plan(at, functools.partial(self._stop, person))

    def _stop_on_page(self, person: Person, at: datetime) -> None:
        sending.settle_system_texts()
        stop_all_texts(
            subscriber=subscriber_of(person),
            source=SuppressionSource.PAGE,
            circumstances=on_own_page(person),
            at=at,
        )

    def _stop_at_desk(self, person: Person, at: datetime) -> None:
        sending.settle_system_texts()
        privacy, reason = self.library.staff.privacy, "Asked at the desk of Mill Lane"
        subscriber = subscriber_of(person)
        record_access(
            actor=privacy, action=AccessAction.SEARCHED, subscriber=subscriber, reason=reason, at=at
        )
        stop_for_person(actor=privacy, subscriber=subscriber, reason=reason, at=at + MINUTE)

    def erased(self, person: Person) -> None:
        def forget(at: datetime) -> None:
            sending.settle_system_texts()
            subscriber = subscriber_of(person)
            erase_subscriber(
                subscriber=subscriber, actor_kind=ActorKind.SUBSCRIBER, remember_no=True, at=at
            )

        at = self.calendar.days_ago(self.luck.randrange(24, 60), 13)
        self.timeline.plan(at, forget)

    def under_age(self, person: Person) -> None:
        """Known from the card their parents signed; nobody may ask them before the day."""
        at = self.calendar.days_ago(self.luck.randrange(60, 300), 16)
        self.timeline.plan(at, functools.partial(self._register_child, person))

    def _register_child(self, person: Person, at: datetime) -> None:
        phone = person.phone
        subscriber = remember_subscriber(e164=phone.e164, language=phone.language, at=at)
        ends = date(self.calendar.now.year + 1 + person.number % 3, 1 + person.number % 12, 15)
        subscriber.age_band, subscriber.age_band_ends_date = AgeBand.MINOR, ends
        subscriber.attributes = {"branch": person.attributes["branch"], "likes": "Children's hour"}
        subscriber.save()
        readers = self.library.lists[words.READERS]
        add_to_list(subscriber=subscriber, subscriber_list=readers, at=at)

    def with_guardian(self, person: Person) -> None:
        """The guardian agrees within the hour, then the young reader does."""
        guardian, self._guardians = self._guardians[0], self._guardians[1:]
        # One of them is of age next month.
        until = _first_of_month(self.calendar.now, months_later=1 + 9 * len(self._guardians))
        at = self.calendar.days_ago(self.luck.randrange(2, 9), 16)
        ask = functools.partial(self.doors.ask_guardian, person, guardian, until)
        self.timeline.plan(at, ask)

        def agree(at: datetime) -> None:
            self.doors.text_from(guardian, "YES", at)
            sending.settle_system_texts()

        self.timeline.plan(at + 20 * MINUTE, agree)
        self.timeline.plan(at + 31 * MINUTE, functools.partial(self.doors.text, person, "Yes"))


def _first_of_month(now: datetime, *, months_later: int) -> date:
    months = now.year * 12 + now.month - 1 + months_later
    return date(months // 12, months % 12 + 1, 1)


LATER = {
    Fate.STANDS: Lives.stands,
    Fate.WAS_HELD: Lives.was_held,
    Fate.HELD: Lives.held,
    Fate.RARELY: Lives.rarely,
    Fate.PAUSED: Lives.paused,
    Fate.WITHDREW: Lives.withdrew,
    Fate.STOPPED: Lives.stopped,
    Fate.ERASED: Lives.erased,
    Fate.UNDER_AGE: Lives.under_age,
    Fate.WITH_GUARDIAN: Lives.with_guardian,
}
