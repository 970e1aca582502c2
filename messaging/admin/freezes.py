"""The emergency stop: one big button on the first page, and the page that confirms it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import SendingFreeze
from messaging.operations.freeze import UnableToFreeze, freeze_sending, release_sending
from messaging.today import live_freeze, stoppable
from subscribers.admin.guarded import ReadOnlyAdmin, attempt, staff
from subscribers.authorization import NotAuthorized, authorize


class FreezeForm(forms.Form):
    reason = forms.CharField(max_length=200, error_messages={"required": gettext_lazy("Say why.")})


@admin.register(SendingFreeze)
class SendingFreezeAdmin(ReadOnlyAdmin):
    list_display = ("since_at", "reason", "frozen_by", "ended_at", "ended_by")
    list_display_links = None
    list_select_related = ("frozen_by", "ended_by")
    ordering = ("-since_at",)
    fields = list_display

    def get_urls(self) -> list[URLPattern]:
        freeze = self.admin_site.admin_view(self.freeze)
        release = self.admin_site.admin_view(self.release)
        return [
            path("freeze/", freeze, name="messaging_sendingfreeze_freeze"),
            path("release/", release, name="messaging_sendingfreeze_release"),
            *super().get_urls(),
        ]

    def freeze(self, request: HttpRequest) -> HttpResponse:
        """Says what stops and what does not, and asks why."""
        form = FreezeForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, "freeze", _("Stop all marketing"), form=form)
        reason = form.cleaned_data["reason"]
        operation = partial(freeze_sending, actor=staff(request), reason=reason, at=timezone.now())
        attempt(request, operation, refusals=(UnableToFreeze,), done=_("All marketing is frozen."))
        return redirect("admin:index")

    def release(self, request: HttpRequest) -> HttpResponse:
        """Says what was stopped, why and by whom, and what would leave again."""
        if request.method != "POST":
            return self._page(request, "release", _("Let marketing go on"))
        operation = partial(release_sending, actor=staff(request), at=timezone.now())
        attempt(request, operation, done=_("Marketing goes on."))
        return redirect("admin:index")

    def _page(self, request: HttpRequest, verb: str, title: str, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "stoppable": stoppable(),
            "refusal": _refusal(request, verb),
            **more,
        }
        return TemplateResponse(request, f"admin/messaging/sendingfreeze/{verb}.html", context)


def _refusal(request: HttpRequest, verb: str) -> str:
    """Why this person may not do it; "" when they may."""
    freeze = live_freeze()
    authors = [freeze.frozen_by_id] if freeze and verb == "release" else []
    action = f"messaging.{verb}_sending"
    try:
        authorize(actor=staff(request), action=action, authors=authors, at=timezone.now())
    except NotAuthorized as refusal:
        return refusal.reason
    return ""
