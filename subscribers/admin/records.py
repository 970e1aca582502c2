from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from subscribers.admin.guarded import ReadOnlyAdmin
from subscribers.models import AccessRecord


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "role", "action", "person", "reason")
    list_filter = ("action",)
    fields = ("at", "actor", "role", "action", "person", "reason")
    ordering = ("-at",)
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("actor", "subscriber")

    @admin.display(description=_("person"))
    def person(self, record: AccessRecord) -> str:
        return record.subscriber.masked_number if record.subscriber else ""
