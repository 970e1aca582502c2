"""Fair shares of one sender between its campaigns: weighted deficit round robin."""

from __future__ import annotations

import math
from collections.abc import Mapping


class Shares:
    """Remembers, from turn to turn of a lane, how many parts each campaign is ahead or behind.

    A campaign gets its weight's share of the parts that a turn has. What it could not use, since a
    whole text did not fit, it keeps for the next turn; what it used beyond, it pays back. Who has
    nothing to send keeps nothing.
    """

    def __init__(self) -> None:
        self._credit: dict[int, float] = {}

    def split(self, parts: int, weights: Mapping[int, int]) -> dict[int, int]:
        """How many parts each campaign may use now; adds up to `parts`.

        `weights` are those of the campaigns that have something due.
        """
        if not weights:
            return {}
        credit = {each: self._credit.get(each, 0.0) for each in weights}
        # What all together used beyond what they had, or had beyond, is shared by weight as well.
        earned = (parts - sum(credit.values())) / sum(weights.values())
        self._credit = {each: credit[each] + earned * weight for each, weight in weights.items()}
        return self._whole(parts)

    def charge(self, campaign_id: int, parts: int) -> None:
        """So many parts of the campaign leave."""
        self._credit[campaign_id] = self._credit.get(campaign_id, 0.0) - parts

    def forget(self, campaign_id: int) -> None:
        """It had less to send than it might have."""
        self._credit.pop(campaign_id, None)

    def _whole(self, parts: int) -> dict[int, int]:
        """So that all are equally far behind afterwards; what rounding leaves goes to whoever it
        took most from."""
        level = _level(sorted(self._credit.values(), reverse=True), parts)
        exact = {each: max(0.0, credit - level) for each, credit in self._credit.items()}
        given = {each: int(share) for each, share in exact.items()}
        over = round(parts - sum(given.values()))
        lost_most = sorted(given, key=lambda each: given[each] - exact[each])
        for each in lost_most[: max(0, over)]:
            given[each] += 1
        return given


def _level(falling: list[float], parts: int) -> float:
    """The credit to which `parts` bring down all those above it."""
    level = 0.0
    for number, below in enumerate([*falling[1:], -math.inf], start=1):
        level = (sum(falling[:number]) - parts) / number
        if level >= below:
            break
    return level
