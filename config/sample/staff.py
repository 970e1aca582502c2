"""The library's staff: one of each role."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password

from governance.models import StaffUser
from governance.operations import install_roles
from governance.roles import ADMINISTRATOR, APPROVER, EDITOR, PRIVACY_OFFICER


@dataclass(frozen=True)
class SampleStaff:
    # Any, as request.user is: the operations know staff by a shape that is no model.
    author: Any
    approver: Any
    admin: Any
    privacy: Any


def hire() -> SampleStaff:
    """All with the password that `make demo` prints."""
    roles = install_roles()
    # Slow by design, and the same for all.
    password = make_password(os.environ["DEMO_PASSWORD"])

    def account(username: str, role: str, first_name: str, last_name: str) -> StaffUser:
        user = StaffUser.objects.create(
            username=username,
            password=password,
            is_staff=True,
            first_name=first_name,
            last_name=last_name,
        )
        user.groups.set([roles[role]])
        return user

    return SampleStaff(
        author=account("author", EDITOR, "Nora", "Whitfield"),
        approver=account("approver", APPROVER, "Samuel", "Oduya"),
        admin=account("admin", ADMINISTRATOR, "Priya", "Lindqvist"),
        privacy=account("privacy", PRIVACY_OFFICER, "Tomas", "Berg"),
    )
