from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.sample.loading import HasOwnData, UnableToLoad, load


class Command(BaseCommand):
    help = "Fills the demo's empty database: a library, its staff, 300 people and campaigns."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load(now=timezone.now())
        except UnableToLoad as error:
            raise CommandError(str(error)) from None
        except HasOwnData as notice:
            self.stdout.write(str(notice))
            return
        self.stdout.write(
            "Sample data loaded. remove_sample_data removes it."
            if loaded
            else "The sample data is loaded already: nothing was changed."
        )
