from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.operations import UnableToInstallRoles, install_roles


class Command(BaseCommand):
    help = "Create the staff groups, each with exactly the rights of its role."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            install_roles()
        except UnableToInstallRoles as error:
            raise CommandError(f"Not known yet, run migrate first: {error}") from error
        self.stdout.write("The roles are in place.")
