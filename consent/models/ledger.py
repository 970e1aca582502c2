"""The ledger: events that are only ever added, and the standing derived from them."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from consent.models.forms import SignupForm
from consent.models.notices import NoticeVersion, Purpose
from consent.models.triggers import (
    PERSON_IS_ERASED,
    append_only,
    lock_subscriber_first,
    no_minor_agrees_alone,
    standing_has_its_event,
)
from subscribers.models import Subscriber


class EventKind(models.TextChoices):
    REQUESTED = "requested", _("asked to be texted")
    CONFIRMED = "confirmed", _("confirmed from the phone")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrew")
    EXPIRED = "expired", _("lapsed")
    RECONFIRMED = "reconfirmed", _("confirmed again")
    GUARDIAN_CONFIRMED = "guardian_confirmed", _("guardian confirmed")
    HELD = "held", _("held after an unclear text")
    RELEASED = "released", _("released")
    IMPORTED_EVIDENCE = "imported_evidence", _("evidence imported")
    NUMBER_CHANGED = "number_changed", _("changed number")
    ERASED = "erased", _("erased")
    CORRECTED = "corrected", _("corrected")


class ActorKind(models.TextChoices):
    SUBSCRIBER = "subscriber", _("the person")
    GUARDIAN = "guardian", _("the guardian")
    STAFF = "staff", _("staff")
    CARRIER = "carrier", _("the carrier")
    SYSTEM = "system", _("Yeslist")


# In the database, so that no way of writing an event can leave it out of the sealed log. The
# numbers that the waiting rows draw rise for each person: their events are written under a lock.
WAITS_FOR_ITS_SEAL = pgtrigger.Trigger(
    name="event_waits_for_its_seal",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    func="INSERT INTO consent_ledgerpending (event_id) VALUES (NEW.id); RETURN NULL;",
)


class ConsentEvent(models.Model):
    """One line of the append-only ledger. Nothing in it is personal data."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    schema_version = models.PositiveSmallIntegerField(default=1)
    occurred_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded"))
    actor_kind = models.CharField(max_length=10, choices=ActorKind.choices)
    # The random reference, not the row id: a copy of the ledger names nobody.
    subject = models.ForeignKey(
        Subscriber,
        to_field="subject_reference",
        db_column="subject_reference",
        on_delete=models.PROTECT,
        db_index=False,  # the index below begins with it
        related_name="events",
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, null=True, related_name="events")
    notice_version = models.ForeignKey(
        NoticeVersion, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    form = models.ForeignKey(
        SignupForm, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    form_version = models.PositiveIntegerField(null=True)
    promised_texts = models.PositiveSmallIntegerField(null=True)
    promised_days = models.PositiveSmallIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    body_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("consent event")
        verbose_name_plural = _("consent events")
        permissions: ClassVar = [
            ("correct_event", "Can add a correction to an entry of the ledger"),
            ("import_evidence", "Can keep imported evidence"),
        ]
        indexes: ClassVar = [models.Index(fields=["subject", "occurred_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="correction_names_its_event",
                condition=Q(kind=EventKind.CORRECTED, corrects__isnull=False)
                | (~Q(kind=EventKind.CORRECTED) & Q(corrects=None)),
            )
        ]
        triggers: ClassVar = [*append_only("event"), WAITS_FOR_ITS_SEAL]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def what(self) -> str:
        """What happened, in words for people."""
        if self.kind == EventKind.REQUESTED and self.actor_kind == ActorKind.SYSTEM:
            return str(_("asked whether the yes still stands"))
        return self.get_kind_display()


class ConsentEvidence(models.Model):
    """What proves an event, encrypted under the subject's own key. Deleted only by erasure."""

    event = models.OneToOneField(
        ConsentEvent, on_delete=models.PROTECT, primary_key=True, related_name="evidence"
    )
    ciphertext = models.BinaryField()

    class Meta:
        permissions: ClassVar = [("export_evidence", "Can export the evidence of one person")]
        triggers: ClassVar = append_only("evidence", deletable_where=PERSON_IS_ERASED)

    def __str__(self) -> str:
        return f"Evidence of {self.event_id}"


class Standing(models.TextChoices):
    REQUESTED = "requested", _("asked, not confirmed")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("lapsed")


class Consent(models.Model):
    """The standing answer of one person for one purpose, derived from the ledger.

    Active when confirmed and `expires_at` is empty or later than the moment asked about.
    """

    # Found by the constraint below.
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="consents", db_index=False
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="consents")
    status = models.CharField(_("standing"), max_length=10, choices=Standing.choices)
    since_at = models.DateTimeField(_("since"))
    confirming_event = models.ForeignKey(
        ConsentEvent, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    notice_version = models.ForeignKey(
        NoticeVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    promised_texts = models.PositiveSmallIntegerField(null=True)
    promised_days = models.PositiveSmallIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    # No part of the standing: when the work of ageing comes back to this row, at the latest.
    look_again_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscriber", "purpose"], name="one_standing_per_purpose"
            ),
            models.CheckConstraint(
                name="confirmed_consent_has_its_proof",
                condition=~Q(status=Standing.CONFIRMED)
                | Q(
                    confirming_event__isnull=False,
                    notice_version__isnull=False,
                    promised_texts__isnull=False,
                    promised_days__isnull=False,
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["purpose", "status"]),
            models.Index(
                fields=["subscriber"],
                condition=Q(status=Standing.REQUESTED),
                name="consent_waiting_for_answer",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(status=Standing.CONFIRMED),
                name="consent_by_expiry",
            ),
            models.Index(
                fields=["look_again_at"],
                condition=Q(status=Standing.CONFIRMED),
                name="consent_to_look_at",
            ),
        ]
        triggers: ClassVar = [
            lock_subscriber_first("consent"),
            no_minor_agrees_alone(),
            standing_has_its_event(EventKind.CONFIRMED, EventKind.RECONFIRMED),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.purpose} {self.status}"
