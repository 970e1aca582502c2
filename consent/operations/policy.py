"""Setting a rule of a policy pack aside, and letting it count again."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from consent.models import AppliesTo, PolicyOverride
from consent.policy.facts import is_jurisdiction
from consent.policy.fields import FieldError
from consent.policy.kinds import KINDS
from subscribers.authorization import Staff, authorize

ACTION = "consent.override_policy"


class UnableToOverride(Exception):
    """The rule stays as it is; `reason` tells the member of staff why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class AlreadyOverridden(UnableToOverride):
    """One live override per rule."""

    def __init__(self) -> None:
        super().__init__(_("This rule is overridden already. End that one first."))


def override_policy(
    *,
    actor: Staff,
    jurisdiction: str,
    kind: str,
    value: object,
    reason: str,
    at: datetime,
    applies_to: str = AppliesTo.MARKETING,
) -> PolicyOverride:
    """Let `value`, written as in a policy pack, count from now on in place of the shipped rule.

    It may loosen or tighten; either way somebody says why. Raises `UnableToOverride`.
    """
    authorize(actor=actor, action=ACTION, at=at)
    refuse_unsound(jurisdiction=jurisdiction, kind=kind, value=value, reason=reason)
    refuse_second(jurisdiction=jurisdiction, kind=kind, applies_to=applies_to)
    try:
        with transaction.atomic():
            return PolicyOverride.objects.create(
                jurisdiction=jurisdiction,
                kind=kind,
                applies_to=AppliesTo(applies_to),
                value=value,
                reason=reason.strip(),
                made_by_id=actor.pk,
                since_at=at,
            )
    except IntegrityError:
        # Somebody else was a moment quicker.
        raise AlreadyOverridden from None


def refuse_unsound(*, jurisdiction: str, kind: str, value: object, reason: str) -> None:
    """Raise `UnableToOverride` for what could not be told from a mistake."""
    if not reason.strip():
        raise UnableToOverride(_("Say why this rule does not count here."))
    if not is_jurisdiction(jurisdiction):
        raise UnableToOverride(
            _("%(code)s is no code of a country or region.") % {"code": jurisdiction}
        )
    if kind not in KINDS:
        raise UnableToOverride(_("There is no rule called %(kind)s.") % {"kind": kind})
    try:
        KINDS[kind].parse(value)
    except FieldError as error:
        raise UnableToOverride(_("The value: %(problem)s.") % {"problem": error}) from None


def refuse_second(*, jurisdiction: str, kind: str, applies_to: str) -> None:
    """Raise `UnableToOverride` where an override counts already."""
    if PolicyOverride.objects.filter(
        jurisdiction=jurisdiction, kind=kind, applies_to=applies_to, ended_at=None
    ).exists():
        raise AlreadyOverridden


def end_override(*, actor: Staff, override: PolicyOverride, at: datetime) -> None:
    """The shipped rule counts again from now on. Raises `UnableToOverride`."""
    authorize(actor=actor, action=ACTION, at=at)
    ended = PolicyOverride.objects.filter(pk=override.pk, ended_at=None).update(
        ended_at=at, ended_by=actor.pk
    )
    if not ended:
        raise UnableToOverride(_("It has ended already."))
