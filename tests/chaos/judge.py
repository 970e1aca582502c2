"""What the carrier took, held against what was promised. Its log is the only witness of sending."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from messaging.models import COUNTS_AS_SENT, MessageState

NOTE = re.compile(r"[Nn]ote (\d+-\d+)\b")
# A start can be late by as long as its permission is good for, and by a hiccup of the machine.
LATE_SECONDS = 1.0
CAPS = {"offers": 1, "news": 4}
LAW_CAP = 3


@dataclass(frozen=True)
class Taken:
    """One text in the carrier's log; `note` names the campaign, "" where it is of none."""

    at: float
    number: str
    sender: str
    reference: str
    note: str
    purpose: str = ""


@dataclass(frozen=True)
class Row:
    """What our own database says of one message of a campaign."""

    reference: str
    note: str
    state: str


@dataclass
class Verdict:
    """How often each promise was looked at, and every breach in words."""

    looked: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    def look(self, promise: str, times: int, broken: Iterable[str]) -> None:
        self.looked[promise] += times
        self.breaches += [f"{promise}: {each}" for each in broken]

    def add(self, other: Verdict) -> None:
        self.looked += other.looked
        self.breaches += other.breaches


def taken(entry: Mapping[str, object], purposes: Mapping[str, str]) -> Taken:
    note = note_of(str(entry["text"]))
    return Taken(
        at=float(str(entry["monotonic"])),
        number=str(entry["number"]),
        sender=str(entry["from"]),
        reference=str(entry["reference"]),
        note=note,
        purpose=purposes.get(note, ""),
    )


def note_of(name: str) -> str:
    """Of a campaign's name or text."""
    found = NOTE.search(name)
    return found[1] if found else ""


def nothing_twice(verdict: Verdict, texts: Sequence[Taken]) -> None:
    references = Counter(text.reference for text in texts)
    notes = Counter((text.number, text.note) for text in texts if text.note)
    twice = [f"reference {each}" for each, count in references.items() if count > 1]
    twice += [f"{_tail(who)} got note {note}" for (who, note), n in notes.items() if n > 1]
    verdict.look("nothing twice", len(texts), twice)


def nobody_lost(verdict: Verdict, rows: Sequence[Row], audience: Mapping[str, int]) -> None:
    """Everyone meant has a row, and every row an outcome."""
    counted = Counter(row.note for row in rows)
    broken = [
        f"note {note}: {counted[note]} rows for {people} people"
        for note, people in audience.items()
        if counted[note] != people
    ]
    waiting = (MessageState.QUEUED, MessageState.SUBMITTING)
    broken += [
        f"note {row.note}: a row is still {row.state}" for row in rows if row.state in waiting
    ]
    verdict.look("nobody lost", len(rows), broken)


def rows_tell_the_truth(verdict: Verdict, texts: Sequence[Taken], rows: Sequence[Row]) -> None:
    """No text that left is called unsent, and none that was accepted is missing at the carrier."""
    known = {row.reference: row for row in rows}
    left = {text.reference: text for text in texts if text.note}
    broken = [
        f"note {text.note} left without a row"
        for text in left.values()
        if text.reference not in known
    ]
    broken += [
        f"note {known[reference].note} left and is {known[reference].state}"
        for reference in left
        if reference in known and known[reference].state not in COUNTS_AS_SENT
    ]
    surely = (MessageState.ACCEPTED, MessageState.DELIVERED)
    broken += [
        f"note {row.note} is {row.state} and never left"
        for row in rows
        if row.state in surely and row.reference not in left
    ]
    verdict.look("rows tell the truth", len(rows), broken)  # fmt: skip


def nobody_unasked(verdict: Verdict, texts: Sequence[Taken], never: set[str]) -> None:
    campaign = [text for text in texts if text.note]
    broken = [f"{_tail(t.number)} got note {t.note}" for t in campaign if t.number in never]
    verdict.look("nobody without consent", len(campaign), broken)


def silence_after_no(
    verdict: Verdict, texts: Sequence[Taken], noes: Mapping[tuple[str, str], float]
) -> None:
    """`noes`: when each (number, purpose) was told that it holds; purpose "" is all of them."""
    broken = []
    for text in texts:
        said = [
            noes[key] for key in ((text.number, ""), (text.number, text.purpose)) if key in noes
        ]
        if text.note and said and text.at > min(said):
            late = text.at - min(said)
            broken.append(f"{_tail(text.number)} got note {text.note} {late:.3f} s after")
    verdict.look("silence after a no", len(noes), broken)


def caps_kept(verdict: Verdict, texts: Sequence[Taken]) -> None:
    by_purpose = Counter((text.number, text.purpose) for text in texts if text.note)
    everything = Counter(text.number for text in texts if text.note)
    broken = [
        f"{_tail(number)} got {count} texts about {purpose}"
        for (number, purpose), count in by_purpose.items()
        if count > CAPS[purpose]
    ]
    broken += [
        f"{_tail(who)} got {n} texts in a day" for who, n in everything.items() if n > LAW_CAP
    ]
    verdict.look("caps", len(everything), broken)


def rate_kept(
    verdict: Verdict,
    texts: Sequence[Taken],
    *,
    rate: float,
    burst: int,
    cache_losses: Sequence[float],
) -> None:
    """In every window of time, for every sender. A cache that lost its memory may forget what it
    had granted: each loss allows one horizon and one burst more."""
    by_sender: dict[str, list[float]] = defaultdict(list)
    for text in texts:
        by_sender[text.sender].append(text.at)
    broken, windows = [], 0
    for sender, moments in by_sender.items():
        moments.sort()
        for first, begins in enumerate(moments):
            for last in range(first, len(moments)):
                windows += 1
                span = moments[last] - begins
                lost = _between(cache_losses, begins - LATE_SECONDS, moments[last])
                allowed = burst + rate * (span + LATE_SECONDS) + lost * (burst + rate)
                if last - first + 1 > allowed:
                    broken.append(f"{sender}: {last - first + 1} texts in {span:.2f} s")
    verdict.look("rate", windows, broken)


def no_deadlock(verdict: Verdict, deadlocks: int) -> None:
    verdict.look("no deadlock", 1, [f"{deadlocks} detected"] if deadlocks else [])


def no_number_in_logs(verdict: Verdict, logs: Mapping[str, str], numbers: Iterable[str]) -> None:
    digits = [number.lstrip("+") for number in numbers]
    broken = [f"{name} has {_tail(d)}" for name, log in logs.items() for d in digits if d in log]
    verdict.look("no number in a log", len(logs), broken)


def _between(moments: Sequence[float], begin: float, end: float) -> int:
    return bisect_right(moments, end) - bisect_right(moments, begin)


def _tail(number: str) -> str:
    return f"…{number[-4:]}"
