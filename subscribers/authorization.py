"""May this member of staff do this? Every staff operation asks here.

Django's permission first, then the vetoes named in the setting STAFF_VETOES.
Superusers hold every permission, but a veto binds them like anyone else.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _


class Staff(Protocol):
    """The shape of a member of staff; the model is AUTH_USER_MODEL."""

    @property
    def pk(self) -> Any: ...

    @property
    def is_active(self) -> bool: ...

    @property
    def groups(self) -> Any: ...

    def has_perm(self, perm: str) -> bool: ...


class Veto(Protocol):
    """Who may refuse a staff action. `sentence` tells the person why."""

    sentence: str

    def refuses(
        self, *, actor: Staff, action: str, authors: Collection[int], at: datetime
    ) -> bool: ...


class NotAuthorized(PermissionDenied):
    """The member of staff may not do this; `reason` is shown to them."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def authorize(*, actor: Staff, action: str, at: datetime, authors: Collection[int] = ()) -> None:
    """Raise `NotAuthorized` unless `actor` may do `action` (`app_label.codename`) now.

    `authors` are the ids of the staff whose work the action judges.
    """
    if not actor.is_active or not actor.has_perm(action):
        raise NotAuthorized(_("Your role does not include this."))
    for path in settings.STAFF_VETOES:
        veto: Veto = import_string(path)()
        if veto.refuses(actor=actor, action=action, authors=authors, at=at):
            raise NotAuthorized(str(veto.sentence))
