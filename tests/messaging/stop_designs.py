"""Designs that look as good as the one in tests.messaging.stop_model, and what each breaks.

`python -m tests.messaging.stop_designs` prints the shortest way to break each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.messaging.exploration import Explored, explore
from tests.messaging.stop_model import (
    QUEUED,
    STOP_OUTLASTS,
    STOP_UNANSWERED,
    STOPPING,
    SUBMITTING,
    TURN,
    UNKNOWN,
    WRITTEN_AFTER_STOP,
    WRITTEN_TWICE,
    Design,
    Text,
    World,
    age,
    arms_timer,
    gives_up,
    locks_person,
    looks_at_clock,
    moves,
    reads_clock,
    reads_facts,
    some_are,
    stop_has_waited,
    stop_locks_person,
    stop_reads_clock,
    stop_step,
    waits,
    writes,
)

# What the wrong ones do instead.


def stop_has_waited_for_submitting_only(world: World) -> World | None:
    return waits(world, SUBMITTING)


def stop_has_waited_without_end(world: World) -> World | None:
    return None if some_are(world, SUBMITTING, UNKNOWN) else world


def sends_unknown_again(text: Text) -> Text | None:
    return replace(text, state=QUEUED) if text.state == UNKNOWN else gives_up(text)


def puts_back(text: Text) -> Text | None:
    return replace(text, state=QUEUED, owner=None) if text.state == SUBMITTING else None


def without(steps: tuple, step: Callable) -> tuple:
    return tuple(each for each in steps if each is not step)


def moved(steps: tuple, step: Callable, *, before: Callable) -> tuple:
    rest = without(steps, step)
    place = rest.index(before)
    return (*rest[:place], step, *rest[place:])


def swapped(steps: tuple, old: Callable, new: Callable) -> tuple:
    return tuple(new if each is old else each for each in steps)


RIGHT = Design()
NOBODY_SAYS_STOP = ()
WRONG = {
    "consent is looked at when a batch is fetched, and nobody locks the person": Design(
        turn=without(TURN, locks_person), breaks=WRITTEN_AFTER_STOP
    ),
    "the worker reads its clock after the commit": Design(
        turn=moved(TURN, reads_clock, before=arms_timer), breaks=WRITTEN_AFTER_STOP
    ),
    "STOP does not wait": Design(
        stopping=without(STOPPING, stop_has_waited), breaks=WRITTEN_AFTER_STOP
    ),
    "STOP counts its second from before it had the lock": Design(
        stopping=moved(STOPPING, stop_reads_clock, before=stop_locks_person),
        breaks=WRITTEN_AFTER_STOP,
    ),
    "the facts come from the statement that locks, as of before the wait": Design(
        turn=moved(TURN, reads_facts, before=locks_person), breaks=WRITTEN_AFTER_STOP
    ),
    "nobody looks at the clock before the write": Design(
        turn=without(TURN, looks_at_clock), breaks=WRITTEN_AFTER_STOP
    ),
    "no timer kills a worker that is frozen between its look and its write": Design(
        turn=without(TURN, arms_timer), breaks=WRITTEN_AFTER_STOP
    ),
    "the timer is armed after the look": Design(
        turn=moved(TURN, arms_timer, before=writes), breaks=WRITTEN_AFTER_STOP
    ),
    "STOP takes a text that was given up for one that cannot leave": Design(
        stopping=swapped(STOPPING, stop_has_waited, stop_has_waited_for_submitting_only),
        breaks=WRITTEN_AFTER_STOP,
    ),
    "recovery sends again what may have left": Design(
        stopping=NOBODY_SAYS_STOP, recovery=sends_unknown_again, breaks=WRITTEN_TWICE
    ),
    "somebody else than its worker puts a text back": Design(
        stopping=NOBODY_SAYS_STOP, recovery=puts_back, breaks=WRITTEN_TWICE
    ),
    "STOP waits until nothing is leaving, however long": Design(
        stopping=swapped(STOPPING, stop_has_waited, stop_has_waited_without_end),
        breaks=STOP_UNANSWERED,
    ),
}


def unhurried(design: Design) -> Callable[[World], Iterator[tuple[str, World]]]:
    """Everything, in every order."""
    return lambda world: moves(world, design)


def with_a_stop_that_runs(design: Design) -> Callable[[World], Iterator[tuple[str, World]]]:
    """The same, but time does not pass while STOP could take a step: only others delay it."""

    def next_moves(world: World) -> Iterator[tuple[str, World]]:
        for words, after in moves(world, design):
            if words != "time passes":
                yield words, after
            elif stop_step(world, design) is None:
                yield words, replace(after, broken=_overdue(after))

    return next_moves


def _overdue(world: World) -> str:
    waiting = world.stop.done and not world.stop.acknowledged
    return STOP_UNANSWERED if waiting and age(world.stop) > STOP_OUTLASTS else ""


def break_it(design: Design) -> Explored[World]:
    """The nearest broken promise."""
    late = design.breaks == STOP_UNANSWERED
    return explore(World(), with_a_stop_that_runs(design) if late else unhurried(design))


def main() -> None:
    right = break_it(RIGHT)
    sys.stdout.write(f"{len(right.came_from)} states, broken: {right.promise or 'nothing'}\n")
    for name, design in WRONG.items():
        found = break_it(design)
        steps = (f"  {number:2} {words}\n" for number, words in enumerate(found.trace, 1))
        sys.stdout.write(f"\nIf {name}:\n{''.join(steps)}=> {found.promise}\n")


if __name__ == "__main__":
    main()
