"""Whether a large site sends as fast as a small one: `make bench-scale`.

SIZES=10000,100000,1000000 are how many people there are, TEXTS=50000 how many are texted, if there
are so many.
At each size a campaign to the same number of people leaves at full rate, and then one to everybody
is started, to see its whole audience written; its sender is so slow that next to nothing leaves.
What earlier sizes left stays in the database, as it would: people, messages, paused campaigns.
Beginning and end of the campaigns hang on ticks, so their first and last tenth are not counted.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rig import ROOT, Rig, cpu_seconds, rig

SIZES = [int(size) for size in os.environ.get("SIZES", "10000,100000,1000000").split(",")]
TEXTS = int(os.environ.get("TEXTS", "50000"))
WORKERS = int(os.environ.get("WORKERS", "2"))
WARM_UP = 1000
# Of the database for each person, with two messages and the log that is written ahead.
BYTES_EACH = 10_000
LOAD_BEFORE = os.getloadavg()[0]


def main() -> None:
    with rig("scale") as made:
        from bench import campaigns
        from bench.judge import LogReader

        campaigns.any_hour()
        everyone, log = campaigns.new_list("Everyone"), LogReader(made.carrier_log)
        made.start_carrier()
        results: list[dict[str, Any]] = []
        for size in SIZES:
            before = results[-1]["people"] if results else 0
            if not _fits(size - before):
                print(f"The disk has no room for {size} people.", file=sys.stderr)
                break
            new = _grow(before, size, everyone)
            results.append(_measure(made, size, new, everyone, log))
            print(json.dumps(results[-1]), file=sys.stderr)
        show(results)


def _fits(more: int) -> bool:
    return shutil.disk_usage(ROOT).free > more * BYTES_EACH


def _grow(before: int, size: int, everyone: Any) -> range:
    """Load people until there are so many; the ids of the new ones."""
    from django.utils import timezone

    from bench.people import Plan, load, next_id

    first = next_id()
    load(Plan(size - before, everyone.pk, timezone.now(), first_number=before))
    return range(first, first + size - before)


def _list_of(name: str, people: range) -> Any:
    from django.utils import timezone

    from bench import campaigns
    from subscribers.models import ListMembership

    some, now = campaigns.new_list(name), timezone.now()
    rows = (ListMembership(subscriber_list=some, subscriber_id=pk, added_at=now) for pk in people)
    ListMembership.objects.bulk_create(rows, batch_size=5000)
    return some


def _measure(made: Rig, size: int, new: range, everyone: Any, log: Any) -> dict[str, Any]:
    from bench import campaigns

    crew = made.start_crew(WORKERS, app="config")
    try:
        # The first texts of a worker take longer, and where there are few of them one would see it.
        _send(made, _list_of(f"First of {size}", new[:WARM_UP]), log)
        leaving = _send(made, _list_of(f"Some of {size}", new[WARM_UP : WARM_UP + TEXTS]), log)
        slow = campaigns.sender(f"Slow {size}", rate=0.01, burst=1)
        everybody = campaigns.draft(f"Everyone of {size}", everyone, slow)
        clicked = time.monotonic()
        campaign = campaigns.start(everybody)
        started = time.monotonic()
        audience = campaigns.await_cut(campaign) - started
        campaigns.pause(campaign)
    except campaigns.Stalled:
        raise SystemExit(f"a campaign got stuck\n{made.ends_of_logs()}") from None
    made.stop(*crew)
    rows = campaign.messages.count()
    return {
        "people": size,
        "start_s": round(started - clicked, 2),
        "audience_s": round(audience, 2),
        "audience_us_per_person": round(audience / rows * 1e6, 1),
        **leaving,
    }


def _send(made: Rig, people: Any, log: Any) -> dict[str, Any]:
    from bench import campaigns, judge

    log.new()  # what left before is not meant
    busy = (made.child("bulk"), made.postgres.child)
    cpu = sum(cpu_seconds(each) for each in busy)
    campaign = campaigns.start(campaigns.draft(people.name, people))
    campaigns.await_end(campaign, log.size)
    cpu = sum(cpu_seconds(each) for each in busy) - cpu
    time.sleep(0.1)
    texts = log.new()
    tenth = len(texts) // 10
    return {
        "us_per_message": round(1e6 / judge.per_second(texts[tenth:-tenth]), 1),
        "cpu_us_per_message": round(cpu / len(texts) * 1e6, 1),
        "texts": len(texts),
    }


def show(results: list[dict[str, Any]]) -> None:
    names = (
        "people", "start_s", "audience_s", "audience_us_per_person", "us_per_message",
        "cpu_us_per_message",
    )  # fmt: skip
    print("  ".join(name.rjust(12) for name in names))
    for each in results:
        print("  ".join(str(each[name]).rjust(max(12, len(name))) for name in names))
    figures = {
        "flat_pct": deviation([each["us_per_message"] for each in results]),
        "flat_cpu_pct": deviation([each["cpu_us_per_message"] for each in results]),
        "flat_audience_pct": deviation([each["audience_us_per_person"] for each in results]),
        "sizes": results,
        "workers": WORKERS,
        "cores": os.cpu_count(),
        "load_before": round(LOAD_BEFORE, 1),
    }
    print(json.dumps(figures))


def deviation(values: list[float]) -> float:
    """The largest deviation from the mean, in percent."""
    middle = statistics.mean(values)
    return round(max(abs(value / middle - 1) for value in values) * 100, 1)


if __name__ == "__main__":
    main()
