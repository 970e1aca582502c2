"""What a person's rights leave behind while they are being served."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from subscribers.models import Subscriber


class NumberChange(models.Model):
    """A wish to move to a new number, proven from the old one, waiting for proof from the new.

    `holder` is who has the new number until then: mostly someone made for this
    alone, who may be texted this one code and nothing else.
    """

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="number_changes"
    )
    holder = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="number_changes_here"
    )
    code_hash = models.BinaryField(max_length=32)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("good until"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscriber"], condition=Q(closed_at=None), name="one_open_change_of_number"
            ),
        ]

    def __str__(self) -> str:
        return f"Number change {self.pk}"


class ErasureToList(models.Model):
    """An erasure that is committed but not yet on the list outside the database."""

    subject_reference = models.UUIDField()
    # Only where the no is remembered: whoever is forgotten entirely leaves no trace of the number.
    number_digest = models.BinaryField(max_length=32, null=True)
    digest_key_id = models.CharField(max_length=40, blank=True)
    erased_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Erasure of {self.subject_reference}"


class ErasureListPosition(models.Model):
    """How many bytes of the list this database knows; a restored one knows fewer than there are."""

    size = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.size} bytes known"
