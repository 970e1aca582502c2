"""Verbs about the staff."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

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
    return {name: _install(name, rights) for name, rights in ROLES.items()}


def _install(name: str, rights: Collection[str]) -> Group:
    group, _made = Group.objects.get_or_create(name=name)
    group.permissions.set(_permissions(rights))
    return group


def _permissions(rights: Collection[str]) -> list[Permission]:
    wanted = [right.split(".", 1) for right in sorted(rights)]
    named = reduce(or_, (Q(content_type__app_label=app, codename=code) for app, code in wanted))
    found = list(Permission.objects.filter(named).select_related("content_type"))
    missing = set(rights) - {f"{p.content_type.app_label}.{p.codename}" for p in found}
    if missing:
        raise UnableToInstallRoles(missing)
    return found
