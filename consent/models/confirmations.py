"""Requests that wait for an answer from the phone, and the codes and links we hand out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.models.forms import SignupForm
from consent.models.guardians import Guardianship
from consent.models.ledger import ConsentEvent
from consent.models.notices import NoticePurpose, NoticeVersion
from subscribers.models import Subscriber


class Outcome(models.TextChoices):
    OPEN = "open", _("waiting for an answer")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    EXPIRED = "expired", _("expired")
    SUPERSEDED = "superseded", _("asked again")
    WITHDRAWN = "withdrawn", _("answered with a stop word")


class ConfirmationKind(models.TextChoices):
    """What the text asks; each kind has words of its own in templates/texts/."""

    REQUEST = "request", _("a wish to be texted")
    RECONFIRM = "reconfirm", _("whether an earlier yes still stands")
    GUARDIAN = "guardian", _("a guardian about a young person's wish")


class Confirmation(models.Model):
    """A pending double opt-in: sent from us to the number, answered from the number."""

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="confirmations"
    )
    kind = models.CharField(
        _("asks"),
        max_length=10,
        choices=ConfirmationKind.choices,
        default=ConfirmationKind.REQUEST,
        db_default=ConfirmationKind.REQUEST,
    )
    form = models.ForeignKey(SignupForm, on_delete=models.PROTECT, related_name="+")
    notice_version = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, related_name="+")
    # Of a young person's wish: what their guardian is asked about, or agreed to before.
    guardianship = models.ForeignKey(
        Guardianship, on_delete=models.PROTECT, null=True, related_name="confirmations"
    )
    language = models.CharField(max_length=10)
    # Empty where only a reply answers: no code fits it.
    code_hash = models.BinaryField(max_length=32)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField(_("asked"))
    # When its text was let go. Nobody can have answered a text that never left.
    text_left_at = models.DateTimeField(_("text left"), null=True)
    expires_at = models.DateTimeField(_("good until"))
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscriber"],
                condition=Q(outcome=Outcome.OPEN),
                name="one_open_request_per_number",
            ),
            models.CheckConstraint(
                name="question_to_a_guardian_names_its_wish",
                condition=~Q(kind=ConfirmationKind.GUARDIAN) | Q(guardianship__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(outcome=Outcome.OPEN), name="open_by_expiry"
            )
        ]

    def __str__(self) -> str:
        return f"Confirmation {self.pk}"


class ConfirmationPurpose(models.Model):
    """One purpose named in a confirmation text: YES confirms exactly these."""

    confirmation = models.ForeignKey(
        Confirmation, on_delete=models.CASCADE, related_name="purposes"
    )
    notice_purpose = models.ForeignKey(NoticePurpose, on_delete=models.PROTECT, related_name="+")
    requested_event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+")
    # The yes that is asked about again.
    renews = models.ForeignKey(
        ConsentEvent, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["renews"], name="asked_again_once_for_a_yes")
        ]

    def __str__(self) -> str:
        return f"{self.notice_purpose} of {self.confirmation}"


class LinkScope(models.TextChoices):
    CONFIRM = "confirm", _("enter the code of a confirmation")
    ACCESS = "access", _("enter the code for the person's page")
    PREFERENCES = "preferences", _("open the person's page")
    OPEN_BY_LINK = "open_by_link", _("a browser in which the page is open, by a link")
    OPEN_BY_CODE = "open_by_code", _("a browser in which the page is open, by a code")


class PageLink(models.Model):
    """A random address that opens one kind of page for one person; only its hash is kept."""

    token_hash = models.BinaryField(max_length=32, unique=True)
    scope = models.CharField(max_length=12, choices=LinkScope.choices)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="links")
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("good until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"])]

    def __str__(self) -> str:
        return f"Link {self.pk} ({self.scope})"


class AccessCode(models.Model):
    """A code sent to the number, by which the person opens their page."""

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="access_codes"
    )
    code_hash = models.BinaryField(max_length=32)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("good until"))
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subscriber", "expires_at"])]

    def __str__(self) -> str:
        return f"Access code {self.pk}"


class SpentCap(models.Model):
    """How much of a cap on texts that strangers can cause is used in one window."""

    scope = models.CharField(max_length=20)
    key_digest = models.BinaryField(max_length=32)
    window_at = models.DateTimeField()
    spent = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "key_digest", "window_at"], name="one_count_per_window"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["window_at"])]

    def __str__(self) -> str:
        return f"{self.scope} {self.window_at:%Y-%m-%d %H:%M}: {self.spent}"
