"""The sealed log: leaves in one order, the hashes over them, and the checkpoints we signed.

Nothing here ever changes: a checkpoint that is handed out gets a row in `LedgerHandout`.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.models.ledger import ConsentEvent
from consent.models.triggers import append_only


class LedgerPending(models.Model):
    """An event that waits for its place in the sealed log.

    The numbers of one person's events rise in the order in which they were recorded,
    whatever the clock said: each is drawn under that person's lock.
    """

    number = models.BigAutoField(primary_key=True)
    event = models.OneToOneField(
        ConsentEvent, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )

    def __str__(self) -> str:
        return f"Pending {self.event_id}"


class LedgerLeaf(models.Model):
    """The place of one event in the log: 0, 1, 2, … without gaps."""

    position = models.BigIntegerField(primary_key=True)
    # An event can never be deleted, so checking that it exists would only cost.
    event = models.OneToOneField(
        ConsentEvent, on_delete=models.PROTECT, related_name="leaf", db_constraint=False
    )
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        triggers: ClassVar = append_only("leaf")

    def __str__(self) -> str:
        return f"Leaf {self.position}"


class LedgerNode(models.Model):
    """The hash over a complete subtree of 2**level leaves, from `position << level` on.

    Kept so that a proof reads a few dozen rows however long the log is; level 0 is `LedgerLeaf`.
    """

    pk = models.CompositePrimaryKey("level", "position")
    level = models.PositiveSmallIntegerField()
    position = models.BigIntegerField()
    node_hash = models.BinaryField(max_length=32)

    class Meta:
        triggers: ClassVar = append_only("node")

    def __str__(self) -> str:
        return f"Node {self.level}/{self.position}"


class LedgerCheckpoint(models.Model):
    """Our signature under the whole log as it was at one size."""

    size = models.BigIntegerField(_("events"), primary_key=True)
    root = models.BinaryField(max_length=32)
    # The signed note as handed out, byte for byte.
    note = models.TextField()
    signed_at = models.DateTimeField(_("signed"))

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        triggers: ClassVar = append_only("checkpoint")
        constraints: ClassVar = [
            models.CheckConstraint(name="checkpoint_covers_something", condition=Q(size__gt=0))
        ]

    def __str__(self) -> str:
        return f"Checkpoint {self.size}"


class HandoutChannel(models.TextChoices):
    MAILBOX = "mailbox", _("mailbox")
    WEBHOOK = "webhook", _("webhook")


class LedgerHandout(models.Model):
    """A try to give a checkpoint to someone outside, and how it ended."""

    checkpoint = models.ForeignKey(
        LedgerCheckpoint, on_delete=models.PROTECT, related_name="handouts"
    )
    channel = models.CharField(_("to"), max_length=10, choices=HandoutChannel.choices)
    tried_at = models.DateTimeField(_("when"))
    # Empty when the other side took it.
    problem = models.CharField(_("problem"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("hand-out")
        verbose_name_plural = _("hand-outs")
        triggers: ClassVar = append_only("handout")
        indexes: ClassVar = [models.Index(fields=["channel", "tried_at"])]

    def __str__(self) -> str:
        return f"Checkpoint {self.checkpoint_id} to {self.channel}"
