"""How fast the other benchmarks get their people: `make bench-people` (PEOPLE=100000).

And whether those are as the operations would have made them: see bench/people.py.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rig import rig

PEOPLE = int(os.environ.get("PEOPLE", "100000"))


def main() -> None:
    with rig("people"):
        from django.utils import timezone

        from bench.campaigns import any_hour, draft, new_list
        from bench.people import Plan, load
        from bench.rows import PREFIXES
        from bench.sample import check

        any_hour()
        people = new_list("Everyone")
        countries = tuple(PREFIXES)
        plan = Plan(
            PEOPLE, people.pk, timezone.now(), countries=countries, withdrawn=0.05, suppressed=0.05
        )
        figures: dict[str, float] = {"people": PEOPLE, "people_per_s": round(PEOPLE / load(plan))}
        figures["sample"] = sample = min(200, PEOPLE)
        figures["sample_let_go"] = check(draft("People", people), at=timezone.now(), sample=sample)
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
