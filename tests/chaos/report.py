"""What a storm did and what it could not break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.chaos.judge import Verdict

WORDS = {
    "kill": "kill -9", "freeze": "frozen", "stop": "", "withdrawal": "", "weather": "",
    "carrier": "carrier:", "clock": "", "beat": "",
}  # fmt: skip


def report(
    *,
    seed: int,
    faults: Iterable[Mapping[str, Any]],
    verdict: Verdict,
    figures: Iterable[str] = (),
) -> str:
    """Seed, totals and promises first; then every fault with its second and its place."""
    faults = list(faults)
    begin = faults[0]["at"] if faults else 0.0
    lines = [
        f"seed {seed}: {faults[-1]['at'] - begin:.0f} s, {len(faults)} events" if faults else "",
        *_counted(faults),
        "",
        *(f"{promise:24} looked at {n:7} times" for promise, n in verdict.looked.items()),
        *figures,
        *([f"BROKEN  {breach}" for breach in verdict.breaches] or ["every promise was kept"]),
        "",
        *(f"{fault['at'] - begin:8.2f} s  {_said(fault)}" for fault in faults),
    ]
    return "\n".join(lines) + "\n"


def _counted(faults: list[Mapping[str, Any]]) -> list[str]:
    counts = Counter(_said(fault) for fault in faults)
    kills = sum(fault["what"] == "kill" for fault in faults)
    return [f"{kills:5} kills in all", *(f"{n:5} {said}" for said, n in sorted(counts.items()))]


def _said(fault: Mapping[str, Any]) -> str:
    return f"{WORDS[fault['what']]} {fault['label']}".strip()
