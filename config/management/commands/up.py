from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.stack.errors import UnableToStart
from config.stack.stack import Stack


class Command(BaseCommand):
    help = "Starts the servers (unless their addresses are set), the web site and the workers."
    # It checks the system itself, once there is a database.
    requires_system_checks: tuple[()] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stack = Stack(
            settings.STACK,
            port=settings.PORT,
            demo=settings.DEMO,
            inbox_port=settings.INBOX_PORT,
            tell=self._tell,
        )
        try:
            stack.run()
        except UnableToStart as error:
            self.stderr.write(str(error))
            sys.exit(1)

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
