"""What the watch over the sending itself keeps."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.messages import Message


class Heartbeat(models.Model):
    """When the worker of a queue last carried out a tick.

    In the database, so that it tells the truth when the broker is gone: nothing beats then.
    """

    queue = models.CharField(_("queue"), max_length=20, primary_key=True)
    beaten_at = models.DateTimeField(_("last tick"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"Heartbeat of {self.queue}"


class Enquiry(models.Model):
    """How often a provider was asked about a text with an unclear end, and when it is again."""

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="enquiry"
    )
    times = models.PositiveSmallIntegerField(_("times asked"))
    asked_at = models.DateTimeField(_("last asked"))
    next_at = models.DateTimeField(_("asked again"))

    class Meta:
        verbose_name = _("enquiry")
        verbose_name_plural = _("enquiries")

    def __str__(self) -> str:
        return f"Enquiry about {self.message_id}"
