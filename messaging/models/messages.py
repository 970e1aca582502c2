"""The rows that are the queue. Their states and who may leave are guarded by the database."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.models import Confirmation, ConsentEvent, Purpose
from messaging.models.campaigns import Campaign
from messaging.models.references import (
    refers_to_the_same_ever_after,
    refers_to_what_is_there,
)
from messaging.models.senders import Sender
from messaging.models.triggers import (
    authority_at_birth,
    authority_on_leaving,
    born_waiting_or_withheld,
    state_moves_forward,
)
from subscribers.models import Subscriber


class MessageKind(models.TextChoices):
    """Campaigns send `marketing`, or `service` for a purpose of that kind; every other kind is one
    a person caused or waits for."""

    MARKETING = "marketing", _("campaign")
    SERVICE = "service", _("service")
    CONFIRMATION = "confirmation", _("confirmation")
    WELCOME = "welcome", _("welcome")
    STOP_ANSWER = "stop_answer", _("answer to a stop word")
    HELP_ANSWER = "help_answer", _("answer to HELP")
    ACCESS_CODE = "access_code", _("code for the person's page")
    NUMBER_CHANGE = "number_change", _("code for a new number")
    RECONFIRMATION = "reconfirmation", _("question whether a yes still stands")
    GUARDIAN = "guardian", _("question to a guardian")


# By its word: looking an enum up by its value costs more than a rule.
KINDS = {str(kind): kind for kind in MessageKind}
CAMPAIGN_KINDS = (MessageKind.MARKETING, MessageKind.SERVICE)
# What may still go to someone who said stop: the answer to their own text.
ANSWERS = (MessageKind.STOP_ANSWER, MessageKind.HELP_ANSWER)


class MessageState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    SUBMITTING = "submitting", _("leaving now")
    ACCEPTED = "accepted", _("taken by the provider")
    DELIVERED = "delivered", _("delivered")
    UNDELIVERED = "undelivered", _("not delivered")
    EXPIRED = "expired", _("expired at the carrier")
    REJECTED = "rejected", _("refused by the provider")
    UNKNOWN = "unknown", _("possibly sent, being checked")
    UNKNOWN_FINAL = "unknown_final", _("possibly sent")
    WITHHELD = "withheld", _("not sent: the rules said no")
    CANCELLED = "cancelled", _("not sent: campaign stopped")
    LAPSED = "lapsed", _("not sent: too late to be useful")


S = MessageState
# An id and a secret; see `reference`.
REFERENCE = r"^[0-9]{1,18}\.[-A-Za-z0-9_]{1,22}$"
# For caps and cost a text that may have left counts as one that did.
COUNTS_AS_SENT = (
    S.SUBMITTING, S.ACCEPTED, S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.UNKNOWN, S.UNKNOWN_FINAL,
)  # fmt: skip
FINAL_STATES = (
    S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.REJECTED, S.UNKNOWN_FINAL, S.WITHHELD, S.CANCELLED,
    S.LAPSED,
)  # fmt: skip
MOVES: dict[str, tuple[MessageState, ...]] = {
    S.QUEUED: (S.SUBMITTING, S.WITHHELD, S.CANCELLED, S.LAPSED),
    # Cancelled: it did not leave, and its person was erased meanwhile.
    S.SUBMITTING: (S.QUEUED, S.ACCEPTED, S.REJECTED, S.UNKNOWN, S.CANCELLED),
    S.ACCEPTED: (S.DELIVERED, S.UNDELIVERED, S.EXPIRED),
    S.UNKNOWN: (S.ACCEPTED, S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.UNKNOWN_FINAL),
}


def receipt_token() -> str:
    return secrets.token_urlsafe(16)


def reference(id: int, token: str) -> str:
    """Under which a provider takes the text and reports about it: the row is found by its id, and
    believed by its secret, for which there need be no index."""
    return f"{id}.{token}"


class Message(models.Model):
    """One outgoing text to one number."""

    kind = models.CharField(_("kind"), max_length=14, choices=MessageKind.choices)
    # Every index is written three times for each text: there are no others than those below. And
    # foreign keys look at each row once more: what these refer to is never deleted, so it is
    # enough that it was there at birth, which one trigger asks for a whole statement.
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        related_name="messages",
        db_index=False,
        db_constraint=False,
    )
    subscriber = models.ForeignKey(
        Subscriber,
        on_delete=models.PROTECT,
        related_name="texts",
        db_index=False,
        db_constraint=False,
    )
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    purpose = models.ForeignKey(
        Purpose,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    # The confirmation that authorizes a campaign's text.
    consent_event = models.ForeignKey(
        ConsentEvent,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    # The request that a confirmation text is about.
    confirmation = models.ForeignKey(
        Confirmation, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    state = models.CharField(
        _("state"), max_length=13, choices=MessageState.choices, default=MessageState.QUEUED
    )
    language = models.CharField(max_length=10)
    parts = models.PositiveSmallIntegerField(_("parts"))
    # Under the subject's own key; null until it is known what exactly leaves.
    text_ciphertext = models.BinaryField(null=True)
    send_after = models.DateTimeField(_("not before"))
    lapses_at = models.DateTimeField(_("useful until"))
    attempts_made = models.PositiveSmallIntegerField(_("tries"), default=0)
    # [{"code": ..., "retry_at": ...}], newest answer of the gate.
    objections = models.JSONField(_("why not"), default=list)
    # In the address for receipts: they find their message even if the answer was lost.
    receipt_token = models.CharField(max_length=22, default=receipt_token)
    provider_message_id = models.CharField(max_length=80, blank=True)
    error_code = models.CharField(_("provider's code"), max_length=40, blank=True)
    queued_at = models.DateTimeField(_("queued"))
    permitted_at = models.DateTimeField(_("permitted"), null=True)
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="no_campaign_text_without_consent",
                condition=Q(campaign=None) & ~Q(kind__in=CAMPAIGN_KINDS)
                | Q(kind__in=CAMPAIGN_KINDS, campaign__isnull=False, purpose__isnull=False)
                & (Q(consent_event__isnull=False) | Q(state=MessageState.WITHHELD)),
            ),
            models.CheckConstraint(
                name="withheld_says_why",
                condition=~Q(state=MessageState.WITHHELD) | ~Q(objections=[]),
            ),
            models.CheckConstraint(
                name="sent_text_was_permitted",
                condition=~Q(state__in=COUNTS_AS_SENT) | Q(permitted_at__isnull=False),
            ),
            # The person first: their texts are found by it.
            models.UniqueConstraint(
                fields=["subscriber", "campaign"], name="one_text_per_person_and_campaign"
            ),
        ]
        indexes: ClassVar = [
            # Texts that people wait for. Those of campaigns are found by their chunks.
            models.Index(
                fields=["sender", "send_after", "id"],
                condition=Q(state=MessageState.QUEUED, campaign=None),
                name="system_text_due",
            ),
            models.Index(
                fields=["confirmation"],
                condition=Q(confirmation__isnull=False),
                name="message_of_confirmation",
            ),
            models.Index(fields=["campaign", "state"]),
            # What the caps count; nothing is written to it before a text may leave.
            models.Index(
                fields=["subscriber", "permitted_at"],
                condition=Q(permitted_at__isnull=False),
                name="text_permitted_to_person",
            ),
            models.Index(
                fields=["permitted_at"],
                condition=Q(state__in=[MessageState.SUBMITTING, MessageState.UNKNOWN]),
                name="message_unsettled",
            ),
            # Rows lie about in the order in which they were queued, so those of a day are found by
            # an index of a few pages.
            BrinIndex(fields=["queued_at"], name="message_by_age"),
        ]
        triggers: ClassVar = [
            state_moves_forward(MOVES),
            born_waiting_or_withheld(),
            refers_to_what_is_there(),
            refers_to_the_same_ever_after(),
            authority_at_birth(),
            authority_on_leaving(*ANSWERS),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk} ({self.state})"

    @property
    def reference(self) -> str:
        return reference(self.pk, self.receipt_token)


class AttemptOutcome(models.TextChoices):
    NOT_WRITTEN = "not_written", _("not written")
    THROTTLED = "throttled", _("the provider asked us to wait")
    UNCLEAR = "unclear", _("unclear")


class Attempt(models.Model):
    """One submission to a provider, kept where a text had more than one or an unclear end."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("try"))
    outcome = models.CharField(_("outcome"), max_length=12, choices=AttemptOutcome.choices)
    detail = models.CharField(_("detail"), max_length=80, blank=True)
    ended_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="attempt_once"),
            models.CheckConstraint(name="attempts_count_from_one", condition=Q(number__gt=0)),
        ]

    def __str__(self) -> str:
        return f"Try {self.number} of {self.message_id}"
