"""When a campaign stops by itself: rates that are too high to be chance. Pure.

A rate is tested by its lower confidence bound, so that one angry reply among the first ten
texts stops nothing, and one in ten among the first two hundred does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

# One-sided: we ask whether the true rate is above the limit, never whether it is below.
CONFIDENCE = 0.95
Z = NormalDist().inv_cdf(CONFIDENCE)
# Fewer texts say nothing yet, and fewer people than these decide for nobody else.
LEAST_TEXTS = 20
LEAST_PEOPLE = 3
LARGEST_CANARY = 200
CANARY_SHARE = 0.05
# Below this a canary would be most of the audience.
LEAST_FOR_CANARY = 100
# Beyond so many people it stays as large as it is.
MOST_FOR_CANARY = math.ceil(LARGEST_CANARY / CANARY_SHARE)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of the texts that left, so far; all are numbers of texts.

    `pending` are those of which we may still hear: a receipt is out. `hits` are by the codes
    of the limits.
    """

    texts: int
    pending: int
    hits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Limit:
    """The highest true rate, as a share of the texts that left, at which sending goes on."""

    code: str
    share: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One rate beside its limit. `at_least` is the lower confidence bound of the true rate."""

    code: str
    hits: int
    texts: int
    limit: float

    @property
    def rate(self) -> float:
        return self.hits / self.texts if self.texts else 0.0

    @property
    def at_least(self) -> float:
        return lower_bound(self.hits, self.texts)

    @property
    def is_over(self) -> bool:
        enough = self.texts >= LEAST_TEXTS and self.hits >= LEAST_PEOPLE
        return enough and self.at_least > self.limit


def lower_bound(hits: int, texts: int, z: float = Z) -> float:
    """The lower end of Wilson's score interval for `hits` of `texts`; 0 when there are none.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    if hits <= 0:
        return 0.0
    share, squared = hits / texts, z * z / texts
    middle = share + squared / 2
    margin = z * math.sqrt(share * (1 - share) / texts + squared / (4 * texts))
    return max(0.0, (middle - margin) / (1 + squared))


def measure(figures: Figures, limits: Iterable[Limit]) -> list[Measured]:
    """Every rate beside its limit."""
    return [
        Measured(limit.code, figures.hits.get(limit.code, 0), figures.texts, limit.share)
        for limit in limits
    ]


def canary_size(people: int) -> int:
    """How many texts go first, of those that could leave; 0 where the audience is too small.

    5 % and at most 200, but never fewer than say something.
    """
    if people < LEAST_FOR_CANARY:
        return 0
    return max(LEAST_TEXTS, min(LARGEST_CANARY, math.ceil(people * CANARY_SHARE)))
