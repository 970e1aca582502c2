from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


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
    burst = models.PositiveIntegerField(
        _("burst"), default=1, help_text=_("Parts that may leave at once after a quiet time.")
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

    def __str__(self) -> str:
        return self.name
