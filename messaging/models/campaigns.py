from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.models import Purpose
from messaging.models.references import campaign_with_texts_is_never_deleted
from messaging.models.senders import Sender
from subscribers.models import Segment, SubscriberList


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("waiting for approval")
    APPROVED = "approved", _("approved")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("cancelled")


CHANGEABLE = [CampaignStatus.DRAFT]
APPROVED_STATES = [
    CampaignStatus.APPROVED,
    CampaignStatus.RUNNING,
    CampaignStatus.PAUSED,
    CampaignStatus.FINISHED,
]


class Campaign(models.Model):
    """One text to an audience for one purpose.

    Its content can change only while it is a draft: sending it back to draft
    voids the approval, and the approval names the hash of what was approved.
    """

    name = models.CharField(_("name"), max_length=120)
    purpose = models.ForeignKey(
        Purpose, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("purpose")
    )
    subscriber_list = models.ForeignKey(
        SubscriberList, on_delete=models.PROTECT, related_name="+", verbose_name=_("list")
    )
    segment = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("segment"),
        help_text=_("Empty: everyone on the list."),
    )
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("sender")
    )
    useful_hours = models.PositiveSmallIntegerField(
        _("useful for (hours)"),
        default=24,
        help_text=_("Texts that could not leave by then are dropped, not sent late."),
    )
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_(
            "Its share while campaigns of the same sender wait for each other: 2 gets twice as"
            " much as 1."
        ),
    )
    fit_for_minors = models.BooleanField(
        _("fit for people under age"),
        default=False,
        db_default=False,
        help_text=_("Otherwise nobody under age gets it, whatever their guardian agreed to."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=CampaignStatus.choices, default=CampaignStatus.DRAFT
    )
    # Why it may go although a rule asks: {code of the rule: the author's words}.
    justifications = models.JSONField(_("reasons given"), default=dict, editable=False)
    # The segment's rule as approved: editing the segment later changes no approved audience.
    segment_rule = models.JSONField(null=True, editable=False)
    approved_hash = models.BinaryField(max_length=32, null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("written"), editable=False)
    # Everyone who had a hand in it: none of them may approve it.
    author_ids = ArrayField(models.BigIntegerField(), default=list, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    lapses_at = models.DateTimeField(_("useful until"), null=True, editable=False)
    # How many people it is for, once they were selected. Each of them gets a row.
    audience_size = models.PositiveIntegerField(_("audience"), null=True, editable=False)
    audience_cut_at = models.DateTimeField(_("audience written"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    # So many texts leave first. The rest waits from `canary_left_at` until `canary_passed_at`.
    canary_size = models.PositiveIntegerField(_("canary"), default=0, editable=False)
    canary_left_at = models.DateTimeField(_("canary left"), null=True, editable=False)
    canary_passed_at = models.DateTimeField(_("canary passed"), null=True, editable=False)
    # [{"code", "hits", "texts", "at_least", "limit"}], shares of 1.
    trip_reason = models.JSONField(_("why the breaker stopped it"), null=True, editable=False)
    tripped_at = models.DateTimeField(_("stopped by the breaker"), null=True, editable=False)
    restarted_at = models.DateTimeField(_("let go on"), null=True, editable=False)
    restarted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        permissions: ClassVar = [
            ("submit_campaign", "Can submit a campaign for approval"),
            ("approve_campaign", "Can approve a campaign"),
            ("run_campaign", "Can start, pause, resume and cancel a campaign"),
            ("restart_campaign", "Can let a campaign go on that the breaker stopped"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="approved_by_a_second_person",
                condition=~Q(status__in=APPROVED_STATES)
                | (
                    Q(
                        approved_by__isnull=False,
                        approved_at__isnull=False,
                        approved_hash__isnull=False,
                    )
                    & ~Q(approved_by=F("created_by"))
                ),
            ),
            models.CheckConstraint(
                name="running_campaign_was_started",
                condition=~Q(status__in=[CampaignStatus.RUNNING, CampaignStatus.FINISHED])
                | Q(started_at__isnull=False, lapses_at__isnull=False),
            ),
            models.CheckConstraint(
                name="trip_says_why",
                condition=Q(tripped_at__isnull=True)
                | Q(trip_reason__isnull=False) & ~Q(trip_reason=[]),
            ),
            models.CheckConstraint(
                name="restarted_by_a_second_person",
                condition=~Q(status=CampaignStatus.RUNNING)
                | Q(tripped_at__isnull=True)
                | Q(
                    restarted_by__isnull=False,
                    restarted_at__isnull=False,
                    restarted_at__gte=F("tripped_at"),
                )
                & ~Q(restarted_by=F("created_by"))
                & (Q(started_by__isnull=True) | ~Q(restarted_by=F("started_by"))),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="nobody_approves_own_words",
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.approved_by_id = ANY(NEW.author_ids)"),
            ),
            pgtrigger.Protect(
                name="content_changes_only_in_draft",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.status <> 'draft' OR OLD.started_at IS NOT NULL)"
                    " AND (OLD.purpose_id, OLD.subscriber_list_id, OLD.sender_id,"
                    " OLD.useful_hours, OLD.fit_for_minors, OLD.created_by_id,"
                    " OLD.justifications)"
                    " IS DISTINCT FROM (NEW.purpose_id, NEW.subscriber_list_id,"
                    " NEW.sender_id, NEW.useful_hours, NEW.fit_for_minors, NEW.created_by_id,"
                    " NEW.justifications)"
                    " OR OLD.status <> 'draft' AND NEW.status <> 'draft'"
                    " AND (OLD.segment_id, OLD.segment_rule) IS DISTINCT FROM"
                    " (NEW.segment_id, NEW.segment_rule))"
                ),
            ),
            campaign_with_texts_is_never_deleted(),
            pgtrigger.Protect(
                name="nobody_restarts_own_words",
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.status = 'running' AND NEW.tripped_at IS NOT NULL"
                    " AND NEW.restarted_by_id = ANY(NEW.author_ids)"
                ),
            ),
            # Else an UPDATE could make the second person of whoever is not one.
            pgtrigger.Protect(
                name="trip_is_not_forgotten",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.tripped_at IS NOT NULL"
                    " AND (NEW.tripped_at IS NULL OR NEW.tripped_at < OLD.tripped_at)"
                    " OR OLD.started_by_id IS NOT NULL"
                    " AND (NEW.started_by_id IS DISTINCT FROM OLD.started_by_id"
                    " OR NOT NEW.author_ids @> OLD.author_ids)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_tripped(self) -> bool:
        """The breaker stopped it, and nobody decided since."""
        return (
            self.status == CampaignStatus.PAUSED
            and self.tripped_at is not None
            and (self.restarted_at is None or self.restarted_at < self.tripped_at)
        )

    @property
    def status_in_words(self) -> str:
        return str(_("stopped by the breaker") if self.is_tripped else self.get_status_display())

    @property
    def watched_since_at(self) -> datetime | None:
        """Texts permitted before it are not held against the campaign any more."""
        return self.restarted_at or self.started_at

    @property
    def has_canary(self) -> bool:
        """So far only its first texts may leave."""
        return self.canary_size > 0 and self.canary_passed_at is None

    @property
    def canary_waits(self) -> bool:
        """The canary left, and whether it is well is not known yet."""
        return self.canary_left_at is not None and self.canary_passed_at is None


class CampaignText(models.Model):
    """The campaign's words in one language."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    variant = models.CharField(max_length=1, default="a", editable=False)
    body = models.TextField(
        _("text"),
        max_length=1000,
        help_text=_("The sender's name in front and how to stop behind are added where missing."),
    )

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "language", "variant"], name="one_text_per_language"
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="words_change_only_in_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("wanted", "bigint")],
                func="""
                    IF TG_OP = 'DELETE' THEN wanted := OLD.campaign_id;
                    ELSE wanted := NEW.campaign_id; END IF;
                    IF EXISTS (SELECT 1 FROM messaging_campaign c
                               WHERE c.id = wanted AND c.status <> 'draft') THEN
                        RAISE EXCEPTION 'campaign % is not a draft: its words are fixed', wanted;
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.language})"
