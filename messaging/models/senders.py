from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

BURST_MEANS = _(
    "Parts that may leave at once after a quiet time. What the rate gives in 0.03 seconds is kept "
    "back of them, for texts that leave a little later than they should."
)


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("No such time zone: write it as in America/Los_Angeles."))


class Sender(models.Model):
    """A number, short code or sender name of one provider account, with its rate."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    provider = models.CharField(
        _("provider"), max_length=40, help_text=_("A name from the setting SMS_PROVIDERS.")
    )
    address = models.CharField(
        _("number, short code or sender name"), max_length=20, help_text=_("What phones show.")
    )
    parts_per_second = models.DecimalField(
        _("parts per second"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0.01)],
        help_text=_("What the provider allows this sender. A long text has several parts."),
    )
    burst = models.PositiveIntegerField(_("burst"), default=1, help_text=BURST_MEANS)
    parts_per_day = models.PositiveIntegerField(
        _("parts per day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Where the carrier has a daily limit. Empty: none."),
    )
    day_time_zone = models.CharField(
        _("time zone of that day"),
        max_length=40,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("By which the carrier counts its days, such as America/Los_Angeles."),
    )
    price_per_part = models.DecimalField(
        _("price per part"),
        max_digits=9,
        decimal_places=5,
        null=True,
        blank=True,
        help_text=_("What the provider charges. Empty: costs are shown as unknown."),
    )
    currency = models.CharField(
        _("currency"), max_length=3, blank=True, help_text=_("Such as EUR, with a price only.")
    )
    countries = ArrayField(
        models.CharField(max_length=2),
        verbose_name=_("countries"),
        default=list,
        blank=True,
        help_text=_("ISO codes it may reach; empty: all."),
    )
    registered_countries = ArrayField(
        models.CharField(max_length=2),
        verbose_name=_("registered in"),
        default=list,
        blank=True,
        help_text=_("ISO codes of the countries that want senders registered, and have this one."),
    )
    sends_system_texts = models.BooleanField(
        _("sends confirmations and answers"),
        default=False,
        help_text=_("One sender carries the texts that people wait for."),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "address"], name="sender_address_once"),
            models.UniqueConstraint(
                fields=["sends_system_texts"],
                condition=Q(sends_system_texts=True),
                name="one_sender_of_system_texts",
            ),
            models.CheckConstraint(
                name="sender_has_a_rate", condition=Q(parts_per_second__gt=0, burst__gt=0)
            ),
            models.CheckConstraint(
                name="daily_limit_lets_something_leave",
                condition=Q(parts_per_day__isnull=True) | Q(parts_per_day__gt=0),
            ),
            models.CheckConstraint(
                name="price_has_a_currency",
                condition=Q(price_per_part__isnull=True, currency="")
                | Q(
                    price_per_part__isnull=False,
                    price_per_part__gte=0,
                    currency__regex=r"^[A-Z]{3}$",
                ),
                violation_error_message=_("Give both: a price and its currency, such as EUR."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="sender_is_never_deleted", operation=pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.name

    def day_of(self, at: datetime) -> date:
        """The carrier's own day at that moment."""
        return at.astimezone(ZoneInfo(self.day_time_zone)).date()

    def day_ends_at(self, at: datetime) -> datetime:
        """When the carrier's next day begins."""
        tomorrow = self.day_of(at) + timedelta(days=1)
        return datetime.combine(tomorrow, time(), tzinfo=ZoneInfo(self.day_time_zone))


class RateLimit(models.Model):
    """What a provider account may carry in all, or towards one country.

    A text needs room with its sender, with its account, and where its country has a limit, there.
    """

    provider = models.CharField(
        _("provider"), max_length=40, help_text=_("A name from the setting SMS_PROVIDERS.")
    )
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("ISO code; empty: the whole account.")
    )
    parts_per_second = models.DecimalField(
        _("parts per second"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0.01)],
    )
    burst = models.PositiveIntegerField(_("burst"), default=1, help_text=BURST_MEANS)

    class Meta:
        verbose_name = _("shared rate limit")
        verbose_name_plural = _("shared rate limits")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "country"], name="one_limit_for_each"),
            models.CheckConstraint(
                name="limit_has_a_rate", condition=Q(parts_per_second__gt=0, burst__gt=0)
            ),
            models.CheckConstraint(
                name="limit_country_is_a_code",
                condition=Q(country="") | Q(country__regex="^[A-Z]{2}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.country}".strip()


class DailyUse(models.Model):
    """Parts that one sender with a daily limit sent in one of its carrier's days."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    parts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "date"], name="one_count_for_each_day")
        ]

    def __str__(self) -> str:
        return f"{self.sender_id} on {self.date}: {self.parts}"


class FallbackPace(models.Model):
    """When a sender's next confirmation may leave while Redis is gone."""

    sender = models.OneToOneField(
        Sender, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.sender_id} from {self.free_at}"
