from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from subscribers.operations import refresh_number_areas


class Command(BaseCommand):
    help = (
        "Notes the area of every number that has none noted, while everything runs: once after an "
        "upgrade from a release without it. Cut off, it goes on where it ended."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = refresh_number_areas(tell=self._tell)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"The area of {done.people} numbers was noted.")
        if done.locked:
            self.stderr.write(
                f"{done.locked} people are under a key that is not configured: they were left "
                "alone, and count as anywhere in their country. Add the key to MASTER_KEYS and "
                "run this again."
            )

    def _tell(self, people: int) -> None:
        self.stdout.write(f"{people} people …")
        self.stdout.flush()
