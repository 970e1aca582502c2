"""What people are told: purposes and the exact words of their notices."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PurposeKind(models.TextChoices):
    MARKETING = "marketing", _("marketing")
    SERVICE = "service", _("service (appointments, deliveries, accounts)")
    SHARING = "sharing", _("sharing with others")


class Purpose(models.Model):
    """What a person agreed to be texted for: the unit of consent."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("what for"), max_length=300)
    kind = models.CharField(
        _("kind"), max_length=10, choices=PurposeKind.choices, default=PurposeKind.MARKETING
    )
    controller = models.CharField(
        _("controller"), max_length=120, help_text=_("Who is responsible and named in each text.")
    )
    retention_days = models.PositiveIntegerField(
        _("texts kept for (days)"), default=730, help_text=_("After that the words are deleted.")
    )
    minimum_age = models.PositiveSmallIntegerField(_("minimum age"), default=16)
    consent_valid_days = models.PositiveIntegerField(
        _("consent lasts (days)"), null=True, blank=True, help_text=_("Empty: until withdrawn.")
    )
    recipients = models.CharField(
        _("recipients"), max_length=300, blank=True, help_text=_("Who else receives the data.")
    )
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        triggers: ClassVar = [
            pgtrigger.Protect(name="purpose_is_never_deleted", operation=pgtrigger.Delete),
            # Whoever reads a published notice agrees to this, and to nothing that is written later.
            pgtrigger.Trigger(
                name="published_purpose_is_never_widened",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.code, OLD.name, OLD.description, OLD.kind, OLD.controller,"
                    " OLD.recipients) IS DISTINCT FROM (NEW.code, NEW.name, NEW.description,"
                    " NEW.kind, NEW.controller, NEW.recipients)"
                    " OR NEW.retention_days > OLD.retention_days"
                    " OR NEW.minimum_age < OLD.minimum_age"
                    " OR COALESCE(NEW.consent_valid_days, 2147483647)"
                    " > COALESCE(OLD.consent_valid_days, 2147483647))"
                ),
                func="""
                    IF EXISTS (SELECT 1 FROM consent_noticepurpose p
                               JOIN consent_noticeversion v ON v.id = p.notice_version_id
                               WHERE p.purpose_id = OLD.id AND v.published_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'purpose % is published', OLD.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """A notice: its words stand in its versions."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")

    def __str__(self) -> str:
        return self.name


# A published version never changes; a draft may.
UNCHANGEABLE_WHEN_PUBLISHED = pgtrigger.Protect(
    name="published_words_never_change",
    operation=pgtrigger.Update | pgtrigger.Delete,
    condition=pgtrigger.Q(old__published_at__isnull=False),
)


class Change(models.TextChoices):
    """What a version does to what the one before it said."""

    FIRST = "", "–"
    WIDENS = "widens", _("widens: more texts, or one more purpose")
    NARROWS = "narrows", _("narrows: fewer texts, or one purpose less")
    CLARIFIES = "clarifies", _("clarifies: the same, said better")


class NoticeVersion(models.Model):
    """The exact words shown, in one language. Immutable once published."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="versions")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    number = models.PositiveIntegerField(_("version"))
    # {element code: words}; the elements are listed in consent.notices.
    elements = models.JSONField(_("words"), default=dict)
    # Said at publishing, and part of what content_hash covers: a public word, not a note.
    change = models.CharField(
        _("change"), max_length=10, choices=Change.choices, blank=True, editable=False
    )
    change_reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    content_hash = models.BinaryField(max_length=32, null=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("notice version")
        verbose_name_plural = _("notice versions")
        permissions: ClassVar = [("publish_noticeversion", "Can publish a notice version")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["notice", "language", "number"], name="notice_version_once"
            ),
            models.CheckConstraint(
                name="published_notice_has_its_hash",
                condition=Q(published_at=None) | Q(content_hash__isnull=False),
            ),
            models.CheckConstraint(
                name="change_of_words_has_its_reason",
                condition=Q(change="", change_reason="") | ~Q(change="") & ~Q(change_reason=""),
            ),
        ]
        triggers: ClassVar = [UNCHANGEABLE_WHEN_PUBLISHED]

    def __str__(self) -> str:
        return f"{self.notice}, {self.get_language_display()}, {self.number}"


class NoticePurpose(models.Model):
    """What a notice version says beside one purpose's box, and how often it promises texts."""

    notice_version = models.ForeignKey(
        NoticeVersion, on_delete=models.CASCADE, related_name="purposes"
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    statement = models.CharField(
        _("words beside the box"), max_length=300, help_text=_("Begins “Yes, text me …”.")
    )
    promised_texts = models.PositiveSmallIntegerField(_("at most this many texts"))
    promised_days = models.PositiveSmallIntegerField(_("in this many days"))

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["notice_version", "purpose"], name="purpose_once_in_a_notice"
            ),
            models.CheckConstraint(
                name="promise_is_a_number", condition=Q(promised_texts__gt=0, promised_days__gt=0)
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="published_promises_never_change",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("version_id", "bigint")],
                func="""
                    IF TG_OP = 'INSERT' THEN version_id := NEW.notice_version_id;
                    ELSE version_id := OLD.notice_version_id; END IF;
                    -- A version being published just now: wait for the end of it.
                    PERFORM 1 FROM consent_noticeversion WHERE id = version_id FOR SHARE;
                    IF EXISTS (SELECT 1 FROM consent_noticeversion v
                               WHERE v.id = version_id AND v.published_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'notice version % is published', version_id;
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} in {self.notice_version}"
