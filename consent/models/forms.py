from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.models.notices import Notice
from subscribers.models import Attribute, SubscriberList


class SignupForm(models.Model):
    """A public form: where it stands, what it asks, and the notice it shows."""

    slug = models.SlugField(_("address"), unique=True, max_length=60)
    title = models.CharField(_("title"), max_length=120)
    introduction = models.CharField(_("introduction"), max_length=400, blank=True)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="forms")
    subscriber_list = models.ForeignKey(
        SubscriberList, on_delete=models.PROTECT, related_name="+", verbose_name=_("list")
    )
    minimum_age = models.PositiveSmallIntegerField(_("minimum age"), default=16)
    takes_minors = models.BooleanField(
        _("takes people below that age"),
        default=False,
        db_default=False,
        help_text=_("With the yes of a guardian, given from the guardian's own phone."),
    )
    countries = ArrayField(
        models.CharField(max_length=2),
        verbose_name=_("countries"),
        help_text=_("ISO codes; the first is assumed when no + is typed."),
    )
    attributes = models.ManyToManyField(Attribute, blank=True, verbose_name=_("fields asked"))
    placement = models.CharField(
        _("where it stands"), max_length=200, help_text=_("Such as: the counter of the branch.")
    )
    reason_for_number = models.CharField(_("why a number is needed there"), max_length=200)
    alternative = models.CharField(
        _("the other way"),
        max_length=200,
        help_text=_("How to get the same without giving a number."),
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)

    class Meta:
        verbose_name = _("signup form")
        verbose_name_plural = _("signup forms")
        permissions: ClassVar = [("publish_signupform", "Can publish a signup form")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="form_takes_some_country", condition=Q(countries__len__gt=0)
            )
        ]

    def __str__(self) -> str:
        return self.title
