"""All states of a small machine, the nearest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Judged(Hashable, Protocol):
    """A state; `broken` says which promise is broken in it, or is empty."""

    @property
    def broken(self) -> str: ...


S = TypeVar("S", bound=Judged)
Moves = Callable[[S], Iterable[tuple[str, S]]]


@dataclass
class Explored(Generic[S]):
    """`came_from` has every state that can be reached, with the move that first led to it.

    `trace` are the moves to the nearest state where a promise is broken, `promise` is which.
    """

    came_from: dict[S, tuple[str, S] | None]
    before: dict[S, list[S]] = field(default_factory=dict)
    promise: str = ""
    trace: list[str] = field(default_factory=list)


def explore(start: S, moves: Moves[S]) -> Explored[S]:
    """Breadth first, so the first broken state found has a shortest trace."""
    found: Explored[S] = Explored({start: None})
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        for words, after in moves(state):
            found.before.setdefault(after, []).append(state)
            if after in found.came_from:
                continue
            found.came_from[after] = (words, state)
            if after.broken:
                found.promise, found.trace = after.broken, _trace(found, after)
                return found
            waiting.append(after)
    return found


def _trace(found: Explored[S], state: S) -> list[str]:
    words = []
    while (step := found.came_from[state]) is not None:
        word, state = step
        words.append(word)
    return words[::-1]


def stuck(found: Explored[S], goal: Callable[[S], bool]) -> list[S]:
    """The states found from which no order of moves leads to one that fits `goal`."""
    reached = {state for state in found.came_from if goal(state)}
    waiting = list(reached)
    while waiting:
        for state in found.before.get(waiting.pop(), ()):
            if state not in reached:
                reached.add(state)
                waiting.append(state)
    return [state for state in found.came_from if state not in reached]
