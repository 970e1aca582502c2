"""What keeps texts from a person: suppression, holds, and their own choices."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.models.notices import Purpose
from consent.models.triggers import lock_number_first, lock_subscriber_first, never_truncated
from subscribers.models import Subscriber


class SuppressionSource(models.TextChoices):
    TEXT = "text", _("texted a stop word")
    PAGE = "page", _("chose it on their page")
    STAFF = "staff", _("told staff")
    CARRIER = "carrier", _("the carrier reported it")
    ERASURE = "erasure", _("asked to be erased and left alone")
    UNDECIDED = "undecided", _("an unclear text about which nobody decided in time")


class Suppression(models.Model):
    """Do not contact this number. By digest, so that it survives erasure.

    Lifted only by START or JOIN sent from the number itself; the row stays.
    """

    number_digest = models.BinaryField(max_length=32, db_index=True)
    digest_key_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    source = models.CharField(_("how"), max_length=10, choices=SuppressionSource.choices)
    since_at = models.DateTimeField(_("since"))
    # The newest no while one stood already: it outlasts whatever undoes only the older one.
    repeated_at = models.DateTimeField(_("said again"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["number_digest"], condition=Q(lifted_at=None), name="one_live_suppression"
            )
        ]
        triggers: ClassVar = [lock_number_first("suppression"), never_truncated("suppression")]

    def __str__(self) -> str:
        return f"Suppression {self.pk}"


class Hold(models.Model):
    """Sending to one person paused because a text from them was unclear."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(_("reason"), max_length=80)
    since_at = models.DateTimeField(_("since"))
    due_at = models.DateTimeField(_("to be decided by"))
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        permissions: ClassVar = [
            ("place_hold", "Can hold the texts to a person"),
            ("decide_hold", "Can decide what a held person meant"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscriber"], condition=Q(released_at=None), name="one_live_hold"
            )
        ]
        triggers: ClassVar = [lock_subscriber_first("hold")]

    def __str__(self) -> str:
        return f"Hold {self.pk}"


class Preference(models.Model):
    """What a person chose within what they agreed to: less often, or not for a while."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="preferences")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    chosen_texts = models.PositiveSmallIntegerField(_("at most this many texts"), null=True)
    chosen_days = models.PositiveSmallIntegerField(_("in this many days"), null=True)
    paused_until_at = models.DateTimeField(_("paused until"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscriber", "purpose"], name="one_preference_per_purpose"
            ),
            models.CheckConstraint(
                name="chosen_frequency_is_whole",
                condition=Q(chosen_texts=None, chosen_days=None)
                | Q(chosen_texts__gt=0, chosen_days__gt=0),
            ),
        ]
        triggers: ClassVar = [lock_subscriber_first("preference")]

    def __str__(self) -> str:
        return f"Preference {self.pk}"
