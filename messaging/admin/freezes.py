"""The emergency stop: its buttons stand on the first page, its history here."""

from __future__ import annotations

from functools import partial

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messaging.models import SendingFreeze
from messaging.operations.freeze import freeze_sending, release_sending
from subscribers.admin.guarded import ReadOnlyAdmin, attempt, staff


class FreezeForm(forms.Form):
    reason = forms.CharField(max_length=200)


@admin.register(SendingFreeze)
class SendingFreezeAdmin(ReadOnlyAdmin):
    list_display = ("since_at", "reason", "frozen_by", "ended_at", "ended_by")
    list_display_links = None
    list_select_related = ("frozen_by", "ended_by")
    ordering = ("-since_at",)
    fields = list_display

    def get_urls(self) -> list[URLPattern]:
        freeze = self.admin_site.admin_view(require_POST(self.freeze))
        release = self.admin_site.admin_view(require_POST(self.release))
        return [
            path("freeze/", freeze, name="messaging_sendingfreeze_freeze"),
            path("release/", release, name="messaging_sendingfreeze_release"),
            *super().get_urls(),
        ]

    def freeze(self, request: HttpRequest) -> HttpResponse:
        form = FreezeForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Say why, then freeze."))
            return redirect("admin:index")
        operation = partial(
            freeze_sending,
            actor=staff(request),
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )
        attempt(request, operation, done=_("All marketing is frozen."))
        return redirect("admin:index")

    def release(self, request: HttpRequest) -> HttpResponse:
        operation = partial(release_sending, actor=staff(request), at=timezone.now())
        attempt(request, operation, done=_("Marketing goes on."))
        return redirect("admin:index")
