"""Young people ask; their guardian answers first, from a phone of their own."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.models.forms import SignupForm
from consent.models.notices import NoticeVersion, Purpose
from consent.models.triggers import lock_subscriber_first
from subscribers.models import Subscriber


class GuardianshipEnd(models.TextChoices):
    DECLINED = "declined", _("the guardian said no")
    UNANSWERED = "unanswered", _("the guardian did not answer")
    ASKED_ANEW = "asked_anew", _("another wish took its place")
    STOPPED = "stopped", _("the guardian took it back")
    UNUSED = "unused", _("nothing rests on it any more")
    OF_AGE = "of_age", _("the young person is of age")
    ERASED = "erased", _("one of the two was erased")


class Guardianship(models.Model):
    """What a young person wants to be texted about, and whether their guardian agreed.

    `holder` is who has the guardian's number: mostly someone made for this alone, who may be
    texted this one question and nothing else. The ledger knows them by `reference` only.
    """

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="guardianships"
    )
    holder = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="guardianships_held"
    )
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    form = models.ForeignKey(SignupForm, on_delete=models.PROTECT, related_name="+")
    notice_version = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, related_name="+")
    purposes: models.ManyToManyField[Purpose, models.Model] = models.ManyToManyField(
        Purpose, related_name="+"
    )
    # The first day after the month in which they reach the age that was asked; of their birth
    # nothing else is known.
    band_ends_date = models.DateField(_("under age until"), null=True)
    requested_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("good until"))
    agreed_at = models.DateTimeField(_("agreed"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_because = models.CharField(
        _("because"), max_length=10, choices=GuardianshipEnd.choices, blank=True
    )

    class Meta:
        verbose_name = _("guardianship")
        verbose_name_plural = _("guardianships")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="nobody_is_their_own_guardian", condition=~Q(subscriber=F("holder"))
            ),
            models.CheckConstraint(
                name="guardianship_ends_with_a_reason",
                condition=Q(ended_at=None, ended_because="")
                | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
            ),
            models.UniqueConstraint(
                fields=["subscriber"],
                condition=Q(agreed_at=None, ended_at=None),
                name="one_open_question_to_a_guardian",
            ),
        ]
        triggers: ClassVar = [lock_subscriber_first("guardianship")]

    def __str__(self) -> str:
        return f"Guardianship {self.pk}"

    @property
    def is_live(self) -> bool:
        return self.agreed_at is not None and self.ended_at is None
