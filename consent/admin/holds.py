from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import Hold
from consent.operations.holds import UnableToDecide, release_hold, stop_held_person
from subscribers.admin.guarded import ReadOnlyAdmin, attempt, staff

LONGEST_REASON = 200


class LiveFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("waiting")), ("no", _("released"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(released_at__isnull=self.value() == "yes")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("person", "reason", "since_at", "due_at", "released_at")
    list_filter = (LiveFilter,)
    list_display_links = ("person",)
    change_form_template = "admin/consent/hold/change_form.html"
    fields = ("person", "reason", "since_at", "due_at", "released_at")
    ordering = ("due_at",)

    def get_urls(self) -> list[URLPattern]:
        return [
            self.button(self.stop, name="stop", verb="stop"),
            self.button(self.release, name="release", verb="release"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_decide"] = request.user.has_perm("consent.decide_hold")
        context["may_look"] = request.user.has_perm("subscribers.view_subscriber")
        return super().render_change_form(request, context, *args, **kwargs)

    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        done = _("Done. No text goes to this number any more.")
        return self._decide(request, object_id, stop_held_person, done)

    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        hold = self.row_or_404(request, object_id)
        if "was_read" not in request.POST:
            messages.error(request, _("Say that you have read the text."))
            return self.to_page_of(hold)
        return self._decide(request, object_id, release_hold, _("Texts to this person go on."))

    def _decide(self, request: HttpRequest, object_id: str, verb: Any, done: str) -> HttpResponse:
        hold = self.row_or_404(request, object_id)
        reason = request.POST.get("reason", "")[:LONGEST_REASON]
        operation = partial(verb, actor=staff(request), hold=hold, reason=reason, at=timezone.now())
        attempt(request, operation, refusals=(UnableToDecide,), done=done)
        return self.to_page_of(hold)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("subscriber")

    @admin.display(description=gettext_lazy("person"))
    def person(self, hold: Hold) -> str:
        return hold.subscriber.masked_number
