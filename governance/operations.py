"""Verbs about the staff."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from governance.roles import ROLES


class UnableToInstallRoles(Exception):
    """A role names rights that do not exist; `missing` lists them. Run the migrations first."""

    def __init__(self, missing: Collection[str]) -> None:
        self.missing = sorted(missing)
        super().__init__(", ".join(self.missing))


@transaction.atomic
def install_roles() -> dict[str, Group]:
    """Make every group have exactly the rights of its role; returns them by name.

    Safe to repeat.
    """
    there = {
        f"{each.content_type.app_label}.{each.codename}": each
        for each in Permission.objects.select_related("content_type")
    }
    missing = {right for rights in ROLES.values() for right in rights} - there.keys()
    if missing:
        raise UnableToInstallRoles(missing)
    return {
        name: _install(name, [there[right] for right in rights]) for name, rights in ROLES.items()
    }


def _install(name: str, rights: Iterable[Permission]) -> Group:
    group, _made = Group.objects.get_or_create(name=name)
    group.permissions.set(rights)
    return group
