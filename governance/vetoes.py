"""Who may refuse a staff action; named in STAFF_VETOES, asked by `authorize`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from subscribers.authorization import Staff

# What needs a second person. Publishing words does not: they bind us, and reach nobody.
SECOND_PERSON_ACTIONS = frozenset({"messaging.approve_campaign"})


# What only someone who had no part in it may undo.
UNDOING_ACTIONS = frozenset({"messaging.restart_campaign", "messaging.release_sending"})


class NotOwnWork:
    """A second person looks; superusers are bound like anyone else."""

    sentence = _("Nobody approves their own work.")

    def refuses(self, *, actor: Staff, action: str, authors: Collection[int], at: datetime) -> bool:
        return action in SECOND_PERSON_ACTIONS and actor.pk in authors


class SomeoneElse:
    """Whoever had a hand in what was stopped, or stopped it, does not decide that it goes on."""

    sentence = _("Someone else has to decide this: you had a hand in it.")

    def refuses(self, *, actor: Staff, action: str, authors: Collection[int], at: datetime) -> bool:
        return action in UNDOING_ACTIONS and actor.pk in authors
