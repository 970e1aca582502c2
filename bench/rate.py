"""Whether senders keep their rate: `make bench-rate` (RATES=1,10,100,1000 SECONDS=25 WORKERS=4).

One campaign for each rate, all at once, each by a sender of its own, over several workers that
share the limiter. The judge is the carrier's log (see bench/carrier.py). A sender may begin with
its burst, so the long-run rate is counted after it; the canary, which goes alone before, is not
counted either.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rig import Rig, rig

RATES = [float(rate) for rate in os.environ.get("RATES", "1,10,100,1000").split(",")]
SECONDS = int(os.environ.get("SECONDS", "25"))
WORKERS = int(os.environ.get("WORKERS", "4"))
# Numbers of each rate's people are this far apart, so that the log tells whose a text is.
APART = 1_000_000
LOAD_BEFORE = os.getloadavg()[0]


@dataclass(frozen=True)
class Lane:
    """A sender's rate in parts each second, and what may leave at once after a quiet time."""

    rate: float

    @property
    def burst(self) -> int:
        return max(1, round(self.rate / 10))

    @property
    def people(self) -> int:
        """Enough for so many seconds, and for the canaries of the others before."""
        return round(self.rate * 1.2 * (SECONDS + 10)) + self.burst


def main() -> None:
    lanes = [Lane(rate) for rate in RATES]
    with rig("rate") as made:
        from bench import campaigns

        campaigns.any_hour()
        begun = [_prepare(number, lane) for number, lane in enumerate(lanes)]
        carrier, crew = made.start_carrier(), made.start_crew(WORKERS, app="config")
        for campaign in begun:
            campaigns.start(campaign)
        _await(made, begun)
        made.stop(*crew, carrier)
        show([_measure(made, *each) for each in zip(lanes, begun, range(len(lanes)), strict=True)])


def _prepare(number: int, lane: Lane) -> Any:
    from django.utils import timezone

    from bench import campaigns
    from bench.people import Plan, load

    name = f"{lane.rate:g} a second"
    people = campaigns.new_list(name)
    load(Plan(lane.people, people.pk, timezone.now(), first_number=number * APART))
    by = campaigns.sender(name, rate=lane.rate, burst=lane.burst)
    return campaigns.draft(name, people, by)


def _await(made: Rig, begun: Sequence[Any]) -> None:
    """Until each has sent for long enough after its canary passed."""
    from messaging.models import Campaign

    ids = [campaign.pk for campaign in begun]
    give_up = time.monotonic() + 90
    while Campaign.objects.filter(pk__in=ids, canary_size__gt=0, canary_passed_at=None).exists():
        time.sleep(0.25)
        if time.monotonic() > give_up:
            raise SystemExit(f"a canary never passed\n{made.ends_of_logs()}")
    time.sleep(SECONDS)


def _measure(made: Rig, lane: Lane, campaign: Any, number: int) -> dict[str, Any]:
    from bench.judge import LogReader

    campaign.refresh_from_db()
    texts = [
        text.at
        for text in LogReader(made.carrier_log).new()
        if int(text.number.removeprefix("+4471")) // APART == number
    ]
    counted = texts[campaign.canary_size :]
    after_burst = counted[lane.burst :]
    reached = (len(after_burst) - 1) / (after_burst[-1] - after_burst[0])
    return {
        "rate": lane.rate,
        "burst": lane.burst,
        "texts": len(counted),
        "reached_per_s": round(reached, 3),
        "error_pct": round(100 * (reached / lane.rate - 1), 2),
        "most_in_a_second": most_in_a_second(counted),
        "over_burst": windows_over(counted, lane.rate + lane.burst),
    }


def most_in_a_second(times: Sequence[float]) -> int:
    return max(_in_windows(times), default=0)


def windows_over(times: Sequence[float], limit: float) -> int:
    """How many windows of one second, each begun by a text, hold more than `limit` texts."""
    return sum(held > limit for held in _in_windows(times))


def _in_windows(times: Sequence[float]) -> list[int]:
    held, end = [], 0
    for start, at in enumerate(times):
        while end < len(times) and times[end] < at + 1:
            end += 1
        held.append(end - start)
    return held


def show(lanes: list[dict[str, Any]]) -> None:
    print("  rate  burst  texts    reached  error %  most in a second  windows over rate + burst")
    for each in lanes:
        print(
            f"{each['rate']:>6g} {each['burst']:>6} {each['texts']:>6} {each['reached_per_s']:>10}"
            f" {each['error_pct']:>8} {each['most_in_a_second']:>17} {each['over_burst']:>26}"
        )
    figures = {
        "worst_error_pct": max((each["error_pct"] for each in lanes), key=abs),
        "over_burst": sum(each["over_burst"] for each in lanes),
        "lanes": lanes,
        "workers": WORKERS,
        "cores": os.cpu_count(),
        "load_before": round(LOAD_BEFORE, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
