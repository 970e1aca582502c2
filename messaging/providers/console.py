"""For development: texts are printed instead of sent."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable

from messaging.providers.base import OutgoingText, Provider, nothing
from messaging.providers.errors import NotWritten
from subscribers.numbers import mask


class Console(Provider):
    """Prints each text to standard output, its number masked. It has no webhooks."""

    async def submit(
        self, text: OutgoingText, *, not_after: float, written: Callable[[], None] = nothing
    ) -> str:
        if time.monotonic() > not_after:
            raise NotWritten("too_late")
        sys.stdout.write(f"to {mask(text.to)}: {text.body}\n")
        sys.stdout.flush()
        written()
        return f"console-{secrets.token_urlsafe(12)}"
