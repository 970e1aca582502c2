from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent.models import Hold
from subscribers.admin.guarded import ReadOnlyAdmin


class LiveFilter(admin.SimpleListFilter):
    title = _("state")
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
    list_display_links = None
    fields = ("person", "reason", "since_at", "due_at", "released_at")
    ordering = ("due_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("subscriber")

    @admin.display(description=_("person"))
    def person(self, hold: Hold) -> str:
        return hold.subscriber.masked_number
