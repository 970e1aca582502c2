"""Fair shares of one sender between its campaigns: weighted deficit round robin."""

from __future__ import annotations

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
        """How many parts each campaign may use now; adds up to `parts` or one less.

        `weights` are those of the campaigns that have something due.
        """
        everyone = sum(weights.values())
        for campaign_id, weight in weights.items():
            earned = self._credit.get(campaign_id, 0.0) + parts * weight / everyone
            self._credit[campaign_id] = earned
        self._credit = {each: self._credit[each] for each in weights}
        return self._whole(parts)

    def charge(self, campaign_id: int, parts: int) -> None:
        """So many parts of the campaign leave."""
        self._credit[campaign_id] = self._credit.get(campaign_id, 0.0) - parts

    def forget(self, campaign_id: int) -> None:
        """It had less to send than it might have."""
        self._credit.pop(campaign_id, None)

    def _whole(self, parts: int) -> dict[int, int]:
        """Credits as whole parts; what rounding leaves goes to whoever waited longest for it."""
        given = {each: max(0, int(credit)) for each, credit in self._credit.items()}
        over = parts - sum(given.values())
        longest_first = sorted(given, key=lambda each: given[each] - self._credit[each])
        for each in longest_first[: max(0, over)]:
            given[each] += 1
        return given
