"""One whole turn in the test's own process, waited for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from messaging.lanes.results import Result
from messaging.lanes.submission import Flight
from messaging.lanes.turn import Lane, begin_turn, end_turns
from messaging.lanes.wire import wire
from messaging.models import Sender


@dataclass(frozen=True)
class TurnDone:
    """`claimed` rows were looked at, `left` texts were handed to the provider."""

    claimed: int
    left: int


def take_turn(sender: Sender, *, marketing: bool, at: datetime) -> TurnDone:
    turn = begin_turn(Lane(sender.pk, marketing, lead=0.01), wire(), at=at)
    if turn.flight is None:
        return TurnDone(turn.claimed, 0)
    fly(turn.flight)
    return TurnDone(turn.claimed, len(turn.flight.texts))


def fly(flight: Flight) -> None:
    """Until what became of it is recorded."""
    wire().launch(flight)
    ended: list[Result] = []
    while not wire().is_empty:
        ended += wire().collect(seconds=1.0)
    end_turns(ended)
