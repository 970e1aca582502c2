from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.exports import UnableToExport, export_ledger


class Command(BaseCommand):
    help = "Writes the ledger to a file that verifier/yeslist_verify.py can check."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--with-evidence", action="store_true", help="add the encrypted evidence"
        )
        parser.add_argument(
            "--every-checkpoint",
            action="store_true",
            help="add all checkpoints, not only those handed out and the newest",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            events = export_ledger(
                options["file"],
                with_bodies=options["with_evidence"],
                every_checkpoint=options["every_checkpoint"],
            )
        except UnableToExport as problem:
            reason = str(problem) or "there is no signed checkpoint yet"
            raise CommandError(f"Nothing was written: {reason}.") from None
        except OSError as problem:
            raise CommandError(f"{options['file']}: {problem.strerror}") from None
        self.stdout.write(f"{events} events are in {options['file']}.")
