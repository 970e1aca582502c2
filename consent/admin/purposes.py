from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent.criteria import ACTIVE_CONSENTS
from consent.models import Purpose
from consent.notices import forms_open_below, is_published
from subscribers.admin.guarded import GuardedAdmin

FIXED_ONCE_PUBLISHED = (
    "code",
    "name",
    "description",
    "kind",
    "controller",
    "recipients",
)


class PurposeForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Purpose
        fields = "__all__"  # noqa: DJ007 the page lists them

    def clean_retention_days(self) -> int:
        days: int = self.cleaned_data["retention_days"]
        if self._is_fixed and days > self.initial["retention_days"]:
            raise forms.ValidationError(
                _("Never longer than people were told: only fewer days can be set.")
            )
        return days

    def clean_consent_valid_days(self) -> int | None:
        days: int | None = self.cleaned_data["consent_valid_days"]
        before = self.initial.get("consent_valid_days")
        if self._is_fixed and before is not None and (days is None or days > before):
            raise forms.ValidationError(
                _("A yes lasts no longer than people were told: only fewer days can be set.")
            )
        return days

    def clean_minimum_age(self) -> int:
        age: int = self.cleaned_data["minimum_age"]
        if self._is_fixed and age < self.initial["minimum_age"]:
            raise forms.ValidationError(_("Never younger than people were told: only older."))
        younger = forms_open_below(self.instance, age) if self.instance.pk else []
        if younger:
            raise forms.ValidationError(
                _("The form “%(form)s” is public for people of %(age)d: take it down first.")
                % {"form": younger[0].title, "age": younger[0].minimum_age}
            )
        return age

    @property
    def _is_fixed(self) -> bool:
        return bool(self.instance.pk) and is_published(self.instance)


@admin.register(Purpose)
class PurposeAdmin(GuardedAdmin):
    form = PurposeForm
    fields = (
        "name",
        "code",
        "description",
        "kind",
        "controller",
        "recipients",
        "retention_days",
        "minimum_age",
        "consent_valid_days",
    )
    list_display = ("name", "kind", "controller", "agreed")
    list_filter = ("kind",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counted: QuerySet[Any] = (
            super().get_queryset(request).annotate(active=Count("consents", filter=ACTIVE_CONSENTS))
        )
        return counted

    @admin.display(description=_("people who agreed"), ordering="active")
    def agreed(self, purpose: Any) -> str:
        return f"{purpose.active:,}"

    def get_readonly_fields(
        self, request: HttpRequest, obj: Purpose | None = None
    ) -> tuple[str, ...]:
        """What people are told never changes under them: what is wider is another purpose."""
        if obj is None:
            return ()
        return FIXED_ONCE_PUBLISHED if is_published(obj) else ("code",)

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Purpose | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"code": ("name",)}
