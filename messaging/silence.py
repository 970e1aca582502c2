"""After a STOP is committed: wait until nothing that was permitted before it is on its way."""

from __future__ import annotations

import time

from messaging.models import ANSWERS, Message, MessageState

# A permission is good for one second; the rest is for clocks that run unevenly.
OUTLASTS_SECONDS = 1.05
# Soon at first, since most are silent at once, and later more seldom.
LOOK_AFTER_SECONDS = 0.004
LONGEST_PAUSE_SECONDS = 0.03
# Also what was given up as lost: that judgment goes by the clock of whoever made it, and where
# that is minutes ahead, the worker may be about to write all the same.
MAY_LEAVE = (MessageState.SUBMITTING, MessageState.UNKNOWN)


def await_silence(subscriber_id: int, *, locked_at: float) -> float:
    """Return when no text to the person is leaving, or every permission is over.

    The answer to their own STOP may be on its way already: it is not waited for.

    `locked_at` is this process's `time.monotonic()` when it held the person's
    lock. Returns the seconds waited. From then on Yeslist starts no further
    submission to the person.
    """
    leaving = Message.objects.filter(subscriber_id=subscriber_id, state__in=MAY_LEAVE).exclude(
        kind__in=ANSWERS
    )
    pause = LOOK_AFTER_SECONDS
    while time.monotonic() < locked_at + OUTLASTS_SECONDS and leaving.exists():
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)
    return time.monotonic() - locked_at
