from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class SendingFreeze(models.Model):
    """All marketing stopped, by whom and why. It ends when someone ends it."""

    reason = models.CharField(_("reason"), max_length=200)
    since_at = models.DateTimeField(_("since"))
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        permissions: ClassVar = [
            ("freeze_sending", "Can freeze all marketing"),
            ("release_sending", "Can release marketing that somebody else froze"),
        ]

        constraints: ClassVar = [
            models.CheckConstraint(
                name="freeze_ended_by_a_second_person",
                condition=Q(ended_at__isnull=True)
                | Q(ended_by__isnull=False) & ~Q(ended_by=F("frozen_by")),
            )
        ]

    def __str__(self) -> str:
        return f"Freeze since {self.since_at:%Y-%m-%d %H:%M}"
