"""Reads: whether the machinery itself is well, in one look that costs next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from messaging.accounts import LooseEnds, loose_ends
from messaging.watching import readings
from messaging.watching.heartbeats import ages, late


@dataclass(frozen=True)
class VitalSigns:
    """`late`: queues whose worker gives no sign of life. `has_rate`: Redis or Valkey answers."""

    late: list[str]
    has_rate: bool
    loose_ends: LooseEnds

    @property
    def are_good(self) -> bool:
        return self.has_rate and not self.late and not self.loose_ends.total


def vital_signs(*, at: datetime) -> VitalSigns:
    return VitalSigns(late(ages(at=at)), readings.is_available(), loose_ends(at=at))
