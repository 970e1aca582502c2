from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.sample.removal import UnableToRemove, empty_the_demo

WARNING = (
    "This empties the whole demo database: the sample people, whoever signed up in the demo, every "
    "campaign, staff account and setting, and the texts of the handsets. Nothing is kept. "
    "To do it, add --yes."
)
DONE = (
    "The demo database is empty, with new tables. Staff accounts are gone too: createsuperuser "
    "makes one. The handsets of a running demo forget their texts when it is started again; "
    "that start, or load_sample_data, also loads the sample data anew."
)


class Command(BaseCommand):
    help = "Empties the demo database: sample data, and everything that was added since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do it, keeping nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"]:
            raise CommandError(WARNING)
        try:
            empty_the_demo()
        except UnableToRemove as error:
            raise CommandError(str(error)) from None
        self.stdout.write(DONE)
