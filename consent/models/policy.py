"""Where staff set a rule of a policy pack aside, under their name and with a reason."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class AppliesTo(models.TextChoices):
    MARKETING = "marketing", _("marketing")
    SERVICE = "service", _("service")


class PolicyOverride(models.Model):
    """One rule of one jurisdiction, as it counts here in place of the shipped one.

    It is ended, never edited or deleted: what counted when a text left can be told years later.
    """

    jurisdiction = models.CharField(
        _("jurisdiction"), max_length=10, help_text=_("Such as GB, US-FL, or default.")
    )
    # A name in consent.policy.kinds.KINDS.
    kind = models.CharField(_("rule"), max_length=30)
    applies_to = models.CharField(
        _("for texts of"),
        max_length=10,
        choices=AppliesTo.choices,
        default=AppliesTo.MARKETING,
    )
    # As a policy pack writes it; consent.policy.kinds says how.
    value = models.JSONField(_("value"))
    reason = models.CharField(_("reason"), max_length=400)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("made by"),
    )
    since_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ended by"),
    )

    class Meta:
        verbose_name = _("policy override")
        verbose_name_plural = _("policy overrides")
        permissions: ClassVar = [("override_policy", "Can set a rule of a policy pack aside")]
        constraints: ClassVar = [
            models.CheckConstraint(name="override_has_a_reason", condition=Q(reason__regex=r"\S")),
            models.CheckConstraint(
                name="override_names_its_rule",
                condition=~Q(jurisdiction="") & ~Q(kind=""),
            ),
            models.CheckConstraint(
                name="override_is_for_a_known_kind_of_text",
                condition=Q(applies_to__in=AppliesTo.values),
            ),
            models.CheckConstraint(
                name="override_is_ended_by_somebody",
                condition=Q(ended_at=None, ended_by=None)
                | Q(ended_at__gte=F("since_at"), ended_by__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["jurisdiction", "kind", "applies_to"],
                condition=Q(ended_at=None),
                name="one_live_override_per_rule",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="override_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="override_is_only_ended",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.ended_at IS NOT NULL
                    OR (OLD.jurisdiction, OLD.kind, OLD.applies_to, OLD.value, OLD.reason,
                        OLD.made_by_id, OLD.since_at) IS DISTINCT FROM
                       (NEW.jurisdiction, NEW.kind, NEW.applies_to, NEW.value, NEW.reason,
                        NEW.made_by_id, NEW.since_at) THEN
                        RAISE EXCEPTION 'policy override % can only be ended', OLD.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction} {self.kind}"
