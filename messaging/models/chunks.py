"""How a campaign's rows are found: its audience in the order in which it is due, and ranges."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from messaging.models.campaigns import Campaign


class AudienceSlice(models.Model):
    """Some thousand of the people a started campaign is for, whose rows are not written yet.

    The order of `position` is the order of sending. No foreign keys to the people: the check would
    lock everybody at once, and a STOP would wait for it.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    position = models.IntegerField()
    send_after = models.DateTimeField()
    subscriber_ids = ArrayField(models.BigIntegerField())
    # Given beforehand, so that the ranges of two slices that are written at once do not overlap.
    message_ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "position"], name="audience_slice_once"),
            models.CheckConstraint(
                name="everyone_in_a_slice_has_an_id",
                condition=Q(subscriber_ids__len=F("message_ids__len")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}, {self.position}"


class Chunk(models.Model):
    """A range of message ids, some hundred of them one campaign's, that become due together.

    Who looks for work reads chunks, never messages. `next_due_at` is when the first of those
    that wait may be asked about; None: nothing in it waits any more.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="chunks", db_index=False
    )
    first_message_id = models.BigIntegerField()
    last_message_id = models.BigIntegerField()
    next_due_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="chunk_is_a_range", condition=Q(first_message_id__lte=F("last_message_id"))
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["campaign", "next_due_at", "id"],
                condition=Q(next_due_at__isnull=False),
                name="chunk_due",
            ),
            # Whose chunk a message is in.
            models.Index(fields=["campaign", "first_message_id"], name="chunk_of_message"),
        ]

    def __str__(self) -> str:
        return f"Chunk {self.pk}"
