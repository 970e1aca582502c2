"""What the long storm is made of. The same seed makes the same plan."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from tests.chaos.points import CUTTING, POINTS, Point
from tests.chaos.weather import CARRIER

KILLS, KILLS_A_ROUND, ROUNDS = 200, 8, 25
# An audience is cut once in a round; everything else happens all the time.
OFTEN = tuple(point for point in POINTS if point is not CUTTING)
WEATHER = {
    "cache restarted": 12, "cache killed": 8, "cache emptied": 4, "cache silent": 3,
    "cache connections reset": 4, "database restarted": 3, "database crashed": 3,
    "database sessions ended": 6,
}  # fmt: skip
# (seconds off, whether it is a worker for campaigns)
CLOCKS = [(600.0, True), (-600.0, True), (600.0, False), (-600.0, False), (600.0, False)]
TWO_BEATS, FREEZES = 4, 5


@dataclass(frozen=True)
class Round:
    """What one wave meets, in the order in which it comes."""

    kills: tuple[Point, ...]
    stops: int
    withdrawals: int = 0
    carrier: str = "fine"
    weather: tuple[str, ...] = ()
    # Seconds by which one more worker's clock is off, and whether it is one for campaigns.
    clock: float = 0
    clock_of_bulk: bool = True
    two_beats: bool = False
    freeze: bool = False
    whole_workers: int = 0


@dataclass
class Plan:
    """Rounds until every kill has been made; one that nobody came by for is tried again."""

    rng: random.Random
    kills: deque[Point] = field(default_factory=deque)
    weather: deque[str] = field(default_factory=deque)
    begun: int = 0

    def __post_init__(self) -> None:
        kills = [OFTEN[nth % len(OFTEN)] for nth in range(KILLS - ROUNDS)]
        weather = [label for label, times in WEATHER.items() for _ in range(times)]
        for shuffled, planned in ((self.kills, kills), (self.weather, weather)):
            self.rng.shuffle(planned)
            shuffled.extend(planned)
        self._clocks = dict(zip(self.rng.sample(range(ROUNDS), len(CLOCKS)), CLOCKS, strict=True))
        self._beats = set(self.rng.sample(range(ROUNDS), TWO_BEATS))
        self._freezes = set(self.rng.sample(range(ROUNDS), FREEZES))

    def next(self) -> Round | None:
        """None when everything has happened. Rounds that only make up for kills are calm."""
        if not self.kills and self.begun >= ROUNDS:
            return None
        nth, self.begun = self.begun, self.begun + 1
        clock, of_bulk = self._clocks.get(nth, (0.0, True))
        first = (CUTTING,) if nth < ROUNDS else ()
        return Round(
            kills=(*first, *self._next_kills()),
            stops=6,
            withdrawals=2,
            carrier=list(CARRIER)[nth % len(CARRIER)],
            weather=self._next_weather(nth),
            clock=clock,
            clock_of_bulk=of_bulk,
            two_beats=nth in self._beats,
            freeze=nth in self._freezes,
            whole_workers=1,
        )

    def again(self, missed: list[Point]) -> None:
        self.kills.extend(point for point in missed if point is not CUTTING)

    def _next_kills(self) -> tuple[Point, ...]:
        several = min(KILLS_A_ROUND - 1, len(self.kills))
        return tuple(self.kills.popleft() for _ in range(several))

    def _next_weather(self, nth: int) -> tuple[str, ...]:
        rounds_left = max(1, ROUNDS - nth)
        share = -(-len(self.weather) // rounds_left)
        return tuple(self.weather.popleft() for _ in range(share))
