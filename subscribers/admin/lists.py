from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from subscribers.admin.guarded import GuardedAdmin
from subscribers.models import SubscriberList


@admin.register(SubscriberList)
class SubscriberListAdmin(GuardedAdmin):
    fields = ("name", "description", "people")
    readonly_fields = ("people",)
    list_display = ("name", "description", "people")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        reachable = Q(subscribers__erased_at=None)
        counted: QuerySet[Any] = (
            super().get_queryset(request).annotate(members=Count("subscribers", filter=reachable))
        )
        return counted

    @admin.display(description=_("people"), ordering="members")
    def people(self, subscriber_list: Any) -> str:
        return f"{getattr(subscriber_list, 'members', 0):,}"
