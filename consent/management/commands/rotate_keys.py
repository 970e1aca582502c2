from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from consent.operations.rotation import Rotated, rotate_keys
from subscribers import encryption


class Command(BaseCommand):
    help = (
        "Brings every number, data key and digest under the first of MASTER_KEYS and DIGEST_KEYS, "
        "while everything runs. Cut off, it goes on where it ended."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            current = encryption.current_keys()
            done = rotate_keys(tell=self._tell)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{done.people} people are under the current keys now.")
        for what, rows in done.left.items():
            self._report(what, rows, current)
        self._end(done)

    def _tell(self, people: int, total: int) -> None:
        self.stdout.write(f"{people} of {total} people …")
        self.stdout.flush()

    def _report(self, what: str, rows: Counter[str], current: tuple[str, str]) -> None:
        for key_id, count in rows.items():
            state = "current" if key_id in current else "old: keep this key"
            self.stdout.write(f"  {what}: {count} under {key_id or 'a key not noted'!r} ({state})")

    def _end(self, done: Rotated) -> None:
        if done.failed:
            self.stderr.write(
                f"{done.failed} people could not be written; the log says why. Run this again."
            )
        if done.locked:
            raise CommandError(
                f"{done.locked} people are under a key that is not configured: they were left "
                "alone. Add the key to MASTER_KEYS and run this again."
            )
        if done.failed:
            raise CommandError("Keep every old key until nobody is left.")
        self.stdout.write(
            "A key that no line calls old can go, a digest key 90 days after the change: until "
            "then links in texts were made with it. Noes of numbers we erased keep their key."
        )
