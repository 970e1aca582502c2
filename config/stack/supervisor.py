from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from config.stack.processes import GRACE_SECONDS, SERVERS, Child

# After so long a life the next death counts as the first again.
SETTLED_SECONDS = 60.0
LONGEST_PAUSE = 30.0
SERVER_GRACE_SECONDS = 30.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """We were asked to stop, by Ctrl-C, by SIGTERM or by a closed terminal."""


@dataclass
class Watch:
    """One child under watch: when it started, how often it died in a row, when it is due again."""

    child: Child
    started: float
    deaths: int = 0
    due: float | None = None

    def look(self, now: float) -> str | None:
        """Restart the child where it is due; a sentence where it was found dead."""
        if self.due is None:
            return None if self.child.running else self._note_death(now)
        if now >= self.due:
            self.child.start()
            self.started, self.due = now, None
        return None

    def _note_death(self, now: float) -> str:
        self.deaths = 1 if now - self.started > SETTLED_SECONDS else self.deaths + 1
        pause = min(2.0 ** (self.deaths - 1), LONGEST_PAUSE)
        self.due = now + pause
        log = self.child.layout.log_file(self.child.name)
        return (
            f"{self.child.name} stopped ({self.child.outcome}); "
            f"it starts again in {pause:.0f} s. See {log}"
        )


class Supervisor:
    """Keeps children alive until it is stopped, then stops them all, the servers last."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.watches: list[Watch] = []

    def keep(self, child: Child) -> None:
        """Watch a child from now on; start it unless it runs."""
        if not child.running:
            child.start()
        self.watches.append(Watch(child, started=time.monotonic()))

    def look_around(self) -> None:
        for watch in self.watches:
            death = watch.look(time.monotonic())
            if death:
                self.say(death)

    def stop(self) -> None:
        children = [watch.child for watch in self.watches]
        _stop_together([child for child in children if child.name not in SERVERS])
        for server in reversed([child for child in children if child.name in SERVERS]):
            server.stop(seconds=SERVER_GRACE_SECONDS)


def _stop_together(children: Sequence[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        child.end(deadline=deadline)


@contextlib.contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Inside, a stop signal raises Stopped, until ignore_stop_signals is called."""

    def stop(number: int, frame: FrameType | None) -> None:
        ignore_stop_signals()
        raise Stopped

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_stop_signals() -> None:
    """Nothing may interrupt the stopping itself: that would leave orphans."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
