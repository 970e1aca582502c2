from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.admin.sending_now import sending_now_context
from messaging.models import RateLimit, Sender
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
            "parts_per_day",
            "day_time_zone",
            "price_per_part",
            "currency",
            "countries",
            "registered_countries",
            "sends_system_texts",
            "is_active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_providers(self)

    def clean_currency(self) -> str:
        code: str = self.cleaned_data["currency"].strip().upper()
        return code

    def clean_countries(self) -> list[str]:
        return country_codes(self.cleaned_data["countries"])

    def clean_registered_countries(self) -> list[str]:
        return country_codes(self.cleaned_data["registered_countries"])


def _offer_providers(form: forms.ModelForm) -> None:  # type: ignore[type-arg]
    """Those of the settings, and the one that it has."""
    names = sorted({*settings.SMS_PROVIDERS, form.instance.provider} - {""})
    if "provider" in form.fields:
        form.fields["provider"] = forms.ChoiceField(choices=[(name, name) for name in names])


class RateLimitForm(forms.ModelForm):  # type: ignore[type-arg]
    provider = forms.ChoiceField()

    class Meta:
        model = RateLimit
        fields = ("provider", "country", "parts_per_second", "burst")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_providers(self)

    def clean_country(self) -> str:
        codes = country_codes(
            [self.cleaned_data["country"]] if self.cleaned_data["country"] else []
        )
        return codes[0] if codes else ""


@admin.register(RateLimit)
class RateLimitAdmin(GuardedAdmin):
    form = RateLimitForm
    fields = RateLimitForm.Meta.fields
    list_display = ("provider", "country", "parts_per_second", "burst")
    ordering = ("provider", "country")


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

    def get_urls(self) -> list[URLPattern]:
        now = self.admin_site.admin_view(self.now)
        figures = self.admin_site.admin_view(self.now_figures)
        return [
            path("now/", now, name="messaging_sender_now"),
            path("now/figures/", figures, name="messaging_sender_now_figures"),
            *super().get_urls(),
        ]

    def now(self, request: HttpRequest) -> HttpResponse:
        """What leaves at this moment; `?still=1` keeps the page as it is."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Sending now"),
            "opts": self.opts,
            "is_live": "still" not in request.GET,
            **self._figures(request),
        }
        return TemplateResponse(request, "admin/messaging/sender/now.html", context)

    def now_figures(self, request: HttpRequest) -> HttpResponse:
        """The part of that page that is drawn anew."""
        context = {"is_live": True, **self._figures(request)}
        return TemplateResponse(request, "admin/messaging/sender/now_figures.html", context)

    def _figures(self, request: HttpRequest) -> dict[str, Any]:
        sees_campaigns = request.user.has_perm("messaging.view_campaign")
        if not (sees_campaigns and self.has_view_or_change_permission(request)):
            raise PermissionDenied
        return sending_now_context(at=timezone.now())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Texts that went out name this provider and address."""
        return ("provider", "address") if obj else ()
