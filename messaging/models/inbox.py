"""What came in: texts from people and receipts from providers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.messages import REFERENCE, Message
from messaging.models.senders import Sender
from subscribers.models import Subscriber


class Meaning(models.TextChoices):
    """What an inbound text was understood to say."""

    STOP = "stop", _("stop")
    START = "start", _("start")
    YES = "yes", _("yes")
    NO = "no", _("no")
    HELP = "help", _("help")
    # It may mean stop: somebody has to read it, and until then nothing is sent.
    UNCLEAR = "unclear", _("unclear")
    OTHER = "other", _("other")


class InboundMessage(models.Model):
    """A text from a person. Encrypted under their own key; a stranger's words are not kept."""

    provider = models.CharField(_("provider"), max_length=40)
    provider_message_id = models.CharField(max_length=80)
    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, null=True, related_name="+")
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, null=True, related_name="inbound_texts"
    )
    text_ciphertext = models.BinaryField(null=True)
    meaning = models.CharField(_("meaning"), max_length=8, choices=Meaning.choices)
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("inbound text")
        verbose_name_plural = _("inbound texts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"], name="inbound_text_once"
            )
        ]

    def __str__(self) -> str:
        return f"Inbound {self.pk} ({self.meaning})"


class Receipt(models.Model):
    """A delivery report as it came, and whether it changed its message."""

    provider = models.CharField(_("provider"), max_length=40)
    # What it says it is about: `Message.reference`.
    reference = models.CharField(max_length=41)
    # Indexed below, once it is known: every index costs each receipt that comes in.
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="receipts", db_index=False
    )
    state = models.CharField(_("says"), max_length=13)
    error_code = models.CharField(_("provider's code"), max_length=40, blank=True)
    received_at = models.DateTimeField(_("received"))
    applied_at = models.DateTimeField(_("applied"), null=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reference_can_be_looked_up", condition=Q(reference__regex=REFERENCE)
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(applied_at=None), name="receipt_waiting"),
            # Few have one, and among those are the complaints.
            models.Index(
                fields=["error_code"], condition=~Q(error_code=""), name="receipt_with_code"
            ),
            models.Index(
                fields=["message"], condition=Q(message__isnull=False), name="receipt_of_message"
            ),
        ]

    def __str__(self) -> str:
        return f"Receipt {self.pk} ({self.state})"
