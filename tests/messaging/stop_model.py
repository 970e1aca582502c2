"""Sending against STOP as a small machine, so small that every order of events can be tried.

Two workers, two texts to one person, one STOP, and the recovery of what the dead left behind.
Each takes its steps one at a time, and `moves` lists everything that could happen next: any of
them takes a step, a worker dies, or time passes. Nothing forces anybody to hurry, so a process
frozen at the worst place for any length of time is among the orders tried.

A design is the order of the steps, nothing else. The one of messaging.lanes, messaging.silence and
messaging.operations.recovery stands here, wrong ones in tests.messaging.stop_designs. The second
question of the permit statement and the triggers are left out on purpose: the order of the steps
has to hold without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

# Time passes in ticks, of which only the order counts: 0.8 s, then 1 s, then 1.05 s.
WRITE_WITHIN, TIMER_KILLS, STOP_OUTLASTS = 1, 2, 3
LONG_AGO = STOP_OUTLASTS + 1

QUEUED, SUBMITTING, UNKNOWN = "queued", "submitting", "unknown"
ACCEPTED, WITHHELD = "accepted", "withheld"

WRITTEN_AFTER_STOP = "a text was written after the STOP was acknowledged"
WRITTEN_TWICE = "the same text was written twice"
STOP_UNANSWERED = "the STOP was not acknowledged in time"


@dataclass(frozen=True, slots=True)
class Text:
    """One row. `owner` is the worker whose attempt it is, as the attempt number says."""

    state: str = QUEUED
    owner: int | None = None
    writes: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """What one worker has in its memory; all of it is lost when it dies."""

    done: int = 0  # how many steps of its turn
    text: int | None = None
    may_send: bool = False  # what the facts said when it read them
    since_clock: int | None = None  # ticks since it read its clock
    timer: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    done: int = 0
    since_clock: int | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Everything there is. `lock` is who has the person's row: a worker, STOP (-1), or nobody."""

    workers: tuple[Worker, ...] = (Worker(), Worker())
    texts: tuple[Text, ...] = (Text(), Text())
    stop: Stop = Stop()
    lock: int | None = None
    suppressed: bool = False
    broken: str = ""


STOP = -1
AnyClock = TypeVar("AnyClock", Worker, Stop)
# A step answers with the world after it, or None while it has to wait.
WorkerStep = Callable[[World, int], World | None]
StopStep = Callable[[World], World | None]
Recovery = Callable[[Text], Text | None]


# --- A worker's turn ------------------------------------------------------


def claims(world: World, me: int) -> World | None:
    """Locks a row that is due; rows that another worker has are skipped."""
    taken = {worker.text for worker in world.workers}
    for number, text in enumerate(world.texts):
        if text.state == QUEUED and number not in taken:
            return with_worker(world, me, text=number)
    return None


def locks_person(world: World, me: int) -> World | None:
    """Or ends its turn when somebody is busy with the person."""
    return replace(world, lock=me) if world.lock is None else turn_over(world, me)


def reads_facts(world: World, me: int) -> World | None:
    return with_worker(world, me, may_send=not world.suppressed)


def reads_clock(world: World, me: int) -> World | None:
    return with_worker(world, me, since_clock=0)


def commits_permit(world: World, me: int) -> World | None:
    """Writes the gate's answer and lets go of both locks."""
    if not world.workers[me].may_send:
        return turn_over(with_text(world, me, state=WITHHELD), me)
    permitted = with_text(world, me, state=SUBMITTING, owner=me)
    return replace(permitted, lock=None if world.lock == me else world.lock)


def arms_timer(world: World, me: int) -> World | None:
    """A timer for a moment that is over never fires: before it stands, the look has to do."""
    return with_worker(world, me, timer=age(world.workers[me]) < TIMER_KILLS)


def looks_at_clock(world: World, me: int) -> World | None:
    """Too late: it knows that nothing was written, so it may put its own text back."""
    if age(world.workers[me]) <= WRITE_WITHIN:
        return world
    if owns(world, me):
        world = with_text(world, me, state=QUEUED, owner=None)
    return turn_over(world, me)


def writes(world: World, me: int) -> World | None:
    """The bytes are the socket's: nothing calls them back. The timer is disarmed."""
    before = world.texts[text_of(world, me)].writes
    broken = WRITTEN_AFTER_STOP if world.stop.acknowledged else WRITTEN_TWICE if before else ""
    written = with_text(world, me, writes=before + 1)
    return replace(with_worker(written, me, timer=False, since_clock=None), broken=broken)


def records(world: World, me: int) -> World | None:
    """Only its own attempt: whoever recovered the text meanwhile has the last word."""
    if owns(world, me):
        world = with_text(world, me, state=ACCEPTED, owner=None)
    return turn_over(world, me)


# --- STOP -----------------------------------------------------------------


def stop_locks_person(world: World) -> World | None:
    return replace(world, lock=STOP) if world.lock is None else None


def stop_reads_clock(world: World) -> World | None:
    return replace(world, stop=replace(world.stop, since_clock=0))


def stop_commits(world: World) -> World | None:
    return replace(world, suppressed=True, lock=None)


def stop_has_waited(world: World) -> World | None:
    """A text that was given up as lost may be about to leave all the same: it counts."""
    return waits(world, SUBMITTING, UNKNOWN)


def stop_acknowledges(world: World) -> World | None:
    return replace(world, stop=replace(world.stop, since_clock=None, acknowledged=True))


def waits(world: World, *states: str) -> World | None:
    return None if age(world.stop) < STOP_OUTLASTS and some_are(world, *states) else world


def some_are(world: World, *states: str) -> bool:
    return any(text.state in states for text in world.texts)


# --- Recovery, at any moment: its clock may be wrong -----------------------


def gives_up(text: Text) -> Text | None:
    return replace(text, state=UNKNOWN, owner=None) if text.state == SUBMITTING else None


# --- Designs --------------------------------------------------------------

TURN = (
    claims, locks_person, reads_facts, reads_clock, commits_permit,
    arms_timer, looks_at_clock, writes, records,
)  # fmt: skip
STOPPING = (stop_locks_person, stop_reads_clock, stop_commits, stop_has_waited, stop_acknowledges)


@dataclass(frozen=True)
class Design:
    turn: tuple[WorkerStep, ...] = TURN
    stopping: tuple[StopStep, ...] = STOPPING
    recovery: Recovery = gives_up
    breaks: str = ""


# --- What can happen next --------------------------------------------------


def moves(world: World, design: Design) -> Iterator[tuple[str, World]]:
    """Every next event, in words, and the world after it."""
    for me in range(len(world.workers)):
        yield from worker_moves(world, design, me)
    if after := stop_step(world, design):
        yield _words("STOP", design.stopping[world.stop.done]), after
    for number, text in enumerate(world.texts):
        if found := design.recovery(text):
            yield f"recovery finds text {number + 1}", _with_text(world, number, found)
    yield "time passes", _later(world)


def worker_moves(world: World, design: Design, me: int) -> Iterator[tuple[str, World]]:
    worker, name = world.workers[me], f"worker {me + 1}"
    if worker.timer and age(worker) >= TIMER_KILLS:
        # Pending on a frozen process, it strikes before that process does anything else.
        yield f"{name} is killed by its timer", turn_over(world, me)
        return
    step = design.turn[worker.done]
    if after := step(_counted(world, me), me):
        yield _words(name, step), after
    if worker.done:
        yield f"{name} dies", turn_over(world, me)


def stop_step(world: World, design: Design) -> World | None:
    if world.stop.done == len(design.stopping):
        return None
    counted = replace(world, stop=replace(world.stop, done=world.stop.done + 1))
    return design.stopping[world.stop.done](counted)


# --- Worlds after one thing changed ----------------------------------------


def age(of: Worker | Stop) -> int:
    """Ticks since it read its clock; 0 as long as it did not."""
    return of.since_clock or 0


def text_of(world: World, me: int) -> int:
    number = world.workers[me].text
    assert number is not None
    return number


def owns(world: World, me: int) -> bool:
    text = world.texts[text_of(world, me)]
    return text.state == SUBMITTING and text.owner == me


def with_worker(world: World, me: int, **changes: object) -> World:
    workers = list(world.workers)
    workers[me] = replace(workers[me], **changes)
    return replace(world, workers=tuple(workers))


def with_text(world: World, me: int, **changes: object) -> World:
    number = text_of(world, me)
    return _with_text(world, number, replace(world.texts[number], **changes))


def turn_over(world: World, me: int) -> World:
    """Ended or dead: its connection lets go of its locks, and the next turn knows nothing."""
    workers = list(world.workers)
    workers[me] = Worker()
    return replace(world, workers=tuple(workers), lock=None if world.lock == me else world.lock)


def _with_text(world: World, number: int, text: Text) -> World:
    return replace(world, texts=(*world.texts[:number], text, *world.texts[number + 1 :]))


def _counted(world: World, me: int) -> World:
    return with_worker(world, me, done=world.workers[me].done + 1)


def _later(world: World) -> World:
    workers = tuple(_older(worker, TIMER_KILLS) for worker in world.workers)
    return replace(world, workers=workers, stop=_older(world.stop, LONG_AGO))


def _older(of: AnyClock, most: int) -> AnyClock:
    """What is beyond `most` makes no difference to anybody."""
    if of.since_clock is None:
        return of
    return replace(of, since_clock=min(of.since_clock + 1, most))


def _words(who: str, step: Callable) -> str:
    return f"{who} {step.__name__.removeprefix('stop_').replace('_', ' ')}"
