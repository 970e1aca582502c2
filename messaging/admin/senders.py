from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from messaging.models import Sender
from subscribers.admin.guarded import GuardedAdmin
from subscribers.fields import country_codes


class SenderForm(forms.ModelForm):  # type: ignore[type-arg]
    provider = forms.ChoiceField()

    class Meta:
        model = Sender
        fields = (
            "name",
            "provider",
            "address",
            "parts_per_second",
            "burst",
            "price_per_part",
            "currency",
            "countries",
            "registered_countries",
            "sends_system_texts",
            "is_active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted({*settings.SMS_PROVIDERS, self.instance.provider} - {""})
        if "provider" in self.fields:
            self.fields["provider"] = forms.ChoiceField(choices=[(name, name) for name in names])

    def clean_currency(self) -> str:
        code: str = self.cleaned_data["currency"].strip().upper()
        return code

    def clean_countries(self) -> list[str]:
        return country_codes(self.cleaned_data["countries"])

    def clean_registered_countries(self) -> list[str]:
        return country_codes(self.cleaned_data["registered_countries"])


@admin.register(Sender)
class SenderAdmin(GuardedAdmin):
    form = SenderForm
    fields = SenderForm.Meta.fields
    list_display = (
        "name",
        "address",
        "provider",
        "parts_per_second",
        "sends_system_texts",
        "is_active",
    )
    list_filter = ("is_active",)
    ordering = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Texts that went out name this provider and address."""
        return ("provider", "address") if obj else ()
