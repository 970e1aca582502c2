from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consent.operations.restore import UnableToReplay, replay_erasures


class Command(BaseCommand):
    help = (
        "After a restore of the database: erases again everyone on the list of erasures, and lets "
        "marketing go on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--skip-unreadable",
            action="store_true",
            help="do without lines that cannot be read, and let marketing go on",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        skip = options["skip_unreadable"]
        try:
            done = replay_erasures(at=timezone.now(), skip_unreadable=skip)
        except UnableToReplay as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{done.listed} erasures are listed: {done.erased} people were back and are erased "
            f"again, {done.silenced} numbers are silent again."
        )
        for number in done.unreadable:
            self.stderr.write(f"Line {number} cannot be read: it is not whole.")
        if not done.is_complete:
            raise CommandError(
                "Marketing stays frozen. Mend the lines from a copy of the list and run this "
                "again, or add --skip-unreadable."
            )
        self.stdout.write("Marketing may go on.")
