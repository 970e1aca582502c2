"""One wave after another, struck wherever it hurts, and judged when the sea is calm again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error, connection
from django.db.models import Count, Min
from django.utils import timezone

from config.queues import QUEUES
from messaging.models import Campaign, CampaignStatus, Message, MessageState, Receipt
from messaging.operations.recovery import recover
from tests import cast
from tests.carrier import wait_until
from tests.chaos.plan import Round
from tests.chaos.points import Point, Traps
from tests.chaos.waves import (
    Wave,
    release,
    wave,
    withdraws,
)
from tests.chaos.weather import CARRIER, FINE, Weather, settle, the_cache
from tests.chaos.workers import OTHER_QUEUES, Workers
from tests.stories.conftest import Town

CALM_WITHIN_SECONDS = 120
# What waits for a trap to snap; then there is nothing left that could come by.
SNAPS_WITHIN_SECONDS = 6.0
AIMS_FOR_SECONDS = 1.0
RECOVERED_AFTER = 12 * cast.MINUTE
LEASES = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND d.datname = current_database() AND l.objsubid = 1
"""


@dataclass
class Storm:
    town: Town
    workers: Workers
    traps: Traps
    rng: random.Random
    weather: Weather | None = None
    # When each (number, purpose) was told that their no holds; purpose "" is everything.
    noes: dict[tuple[str, str], float] = field(default_factory=dict)
    waves: list[Wave] = field(default_factory=list)
    said_stop: set[str] = field(default_factory=set)
    # Where the carrier's log was when the newest wave began.
    log_position: int = 0

    def go_through(
        self, what: Round, *, size: int, first: Callable[[Wave], object] | None = None
    ) -> list[Point]:
        """One wave through `first` and all of this; returns the kills that nobody came by for."""
        about = wave(len(self.waves), size=size)
        self.waves.append(about)
        self.log_position = self.town.carrier.end_of_log()
        self._hire(what)
        self.town.carrier.switch(**FINE | CARRIER[what.carrier])
        self.traps.note("carrier", what.carrier)
        if first is None:
            # Met already by whoever cuts the audience.
            self._arm_first(what)
        release(about)
        if first is not None:
            first(about)
            self._arm_first(what)
        missed = self._strike(about, what)
        self.calm(about)
        return missed

    def _arm_first(self, what: Round) -> None:
        for point in what.kills[:1]:
            self.traps.arm(point)

    # --- What happens --------------------------------------------------------

    def _hire(self, what: Round) -> None:
        self.workers.complete()
        self.workers.are_ready()
        if what.clock:
            queues = "bulk" if what.clock_of_bulk else OTHER_QUEUES
            self.workers.hire("wrong clock", queues, "-c", "1", clock=what.clock)
            self.traps.note("clock", f"a worker for {queues} is {what.clock:+.0f} s off")
        if what.two_beats:
            self.workers.hire("second beat", OTHER_QUEUES, "-c", "1", "-B")
            self.traps.note("beat", "two beats")

    def _strike(self, about: Wave, what: Round) -> list[Point]:
        missed = []
        others = [
            *[lambda: self._someone_stops(about)] * what.stops,
            *[lambda: self._someone_withdraws(about)] * what.withdrawals,
            *[lambda label=label: self._weather(label) for label in what.weather],
            *[self._kill_a_worker] * what.whole_workers,
        ]
        self.rng.shuffle(others)
        for nth, acts in enumerate(_spread(others, max(1, len(what.kills)))):
            point = what.kills[nth] if what.kills else None
            if point and nth:
                self.traps.arm(point)
            for act in acts:
                time.sleep(self.rng.uniform(0.0, 0.3))
                act()
            if point and not self._snapped(point, about):
                missed.append(point)
        return missed

    def _snapped(self, point: Point, about: Wave) -> bool:
        give_up = time.monotonic() + SNAPS_WITHIN_SECONDS
        while self.traps.is_armed(point) and time.monotonic() < give_up:
            if _ask(lambda: _ended(about.campaigns), default=False):
                break
            time.sleep(0.05)
        if self.traps.is_armed(point):
            self.traps.disarm()
            return False
        return True

    def _someone_stops(self, about: Wave) -> None:
        """STOP from a phone, best of all from one that a text is just leaving for."""
        number, leaving = self._aimed_at(about)
        if number:
            self.stops(number, leaving)

    def stops(self, number: str, when: str) -> None:
        self.said_stop.add(number)
        self.traps.note("stop", f"STOP{when}")
        self.town.phone(number).replies("STOP")

    def _someone_withdraws(self, about: Wave) -> None:
        number, leaving = self._aimed_at(about)
        code = self.rng.choice(["news", "offers"])
        try:
            withdraws(number, code)
        except (Error, ObjectDoesNotExist):
            # Not acknowledged: it may hold or not.
            connection.close()
        else:
            self.noes[number, code] = time.monotonic()
            self.traps.note("withdrawal", f"{code} taken back on the own page{leaving}")

    def _aimed_at(self, about: Wave) -> tuple[str, str]:
        """Somebody whose text is permitted and not yet written, if there is one within a moment:
        what is said by people for whom nothing is leaving proves little."""
        left = [each for each in about.people if each not in self.said_stop]
        give_up = time.monotonic() + AIMS_FOR_SECONDS
        while left and time.monotonic() < give_up:
            leaving = _ask(lambda: self._about_to_leave(about), default=[])
            if aimed := [number for number in leaving if number in left]:
                return aimed[-1], " before a permitted text was written"
            time.sleep(0.02)
        return (self.rng.choice(left) if left else ""), ""

    def _about_to_leave(self, about: Wave) -> list[str]:
        """The numbers, in the order in which a turn writes its texts."""
        leaving = Message.objects.filter(
            campaign__in=about.campaigns, state=MessageState.SUBMITTING
        ).order_by("permitted_at", "send_after", "id")
        permitted = list(leaving)
        taken = {entry["reference"] for entry in self.town.carrier.log(after=self.log_position)}
        return [about.numbers[m.subscriber_id] for m in permitted if m.reference not in taken]

    def _weather(self, label: str) -> None:
        if self.weather is not None:
            self.weather.strike(label)
            settle()

    def _kill_a_worker(self) -> None:
        name = self.rng.choice(sorted(self.workers.running))
        self.traps.note("kill", f"the whole worker: {name}")
        self.workers.kill(name)
        self.workers.complete()

    # --- Afterwards ----------------------------------------------------------

    def calm(self, about: Wave) -> None:
        """Nothing is struck any more; wait until everybody has an outcome."""
        self.traps.disarm()
        if self.weather is not None:
            self.weather.clear()
            settle()
        self.town.carrier.switch(**FINE)
        self.workers.complete()
        try:
            wait_until(lambda: self._all_over(about), seconds=CALM_WITHIN_SECONDS)
        except AssertionError:
            raise AssertionError(f"no calm: {unsettled(about)}") from None
        for name in {"wrong clock", "second beat"} & set(self.workers.running):
            self.workers.kill(name)
        wait_until(
            lambda: self.said_stop <= set(self.town.acknowledged()), seconds=CALM_WITHIN_SECONDS
        )
        self.noes.update({(who, ""): at for who, at in self.town.acknowledged().items()})
        wait_until(self._receipts_are_read, seconds=CALM_WITHIN_SECONDS)

    def _receipts_are_read(self) -> bool:
        """One about an answer that the dead left `submitting` waits until that is given up."""
        self.workers.complete()
        _recover()
        return not Receipt.objects.filter(applied_at=None).exists()

    def _all_over(self, about: Wave) -> bool:
        self.workers.complete()
        if _ended(about.campaigns):
            return True
        queued = Message.objects.filter(campaign__in=about.campaigns, state=MessageState.QUEUED)
        if not queued.exists():
            _recover()
        time.sleep(0.1)
        return False


def unsettled(about: Wave) -> list[tuple[object, ...]]:
    """What keeps a wave from its end: campaign, its status, state, how many, seconds until due.

    And how much waits in each queue, since a worker can be alive and deaf.
    """
    now = timezone.now()
    with the_cache() as broker:
        lengths = [(q, broker.llen(f"{settings.KEY_PREFIX}:{q}")) for q in QUEUES]
    rows = Message.objects.filter(campaign__in=about.campaigns).values_list(
        "campaign__name", "campaign__status", "state"
    )
    counted = rows.annotate(n=Count("pk"), due=Min("send_after"))
    return [*lengths, *((*row, n, (due - now).total_seconds()) for *row, n, due in counted)]


def _recover() -> None:
    """Give up what the dead left behind: nobody wants to wait for the forty seconds, which count
    from ten minutes ahead where such a clock gave the permission."""
    if nobody_works():
        recover(at=timezone.now() + RECOVERED_AFTER)


def nobody_works() -> bool:
    """Nobody holds a lease on a lane or on an audience."""
    with connection.cursor() as cursor:
        cursor.execute(LEASES)
        return not cursor.fetchone()[0]


def _ended(campaigns: list[Campaign]) -> bool:
    ids = [campaign.pk for campaign in campaigns]
    return not Campaign.objects.filter(pk__in=ids, status=CampaignStatus.RUNNING).exists()


def _ask(question: Callable[[], object], *, default):
    """The answer, unless the database is away just now."""
    try:
        return question()
    except Error:
        connection.close()
        return default


def _spread(acts: list[Callable[[], None]], over: int) -> Iterator[list[Callable[[], None]]]:
    """All of them in `over` lots, as even as can be."""
    for nth in range(over):
        yield acts[nth * len(acts) // over : (nth + 1) * len(acts) // over]
