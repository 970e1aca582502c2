from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.today import live_freeze, today

# What staff need most comes first; whatever is not named follows in Django's order.
SECTIONS = ("messaging", "subscribers", "consent", "governance")
PAGES = (
    "Campaign", "Message", "Sender",
    "Subscriber", "SubscriberList", "Segment", "Attribute", "AccessRecord",
    "Purpose", "Notice", "NoticeVersion", "SignupForm", "Hold",
    "PolicyOverride",
)  # fmt: skip


class YeslistAdminSite(AdminSite):
    site_header = _("Yeslist")
    site_title = _("Yeslist staff")
    index_title = _("Today")
    enable_nav_sidebar = True
    empty_value_display = "–"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Every staff page says it when marketing is frozen."""
        context = super().each_context(request)
        return {**context, "freeze": live_freeze() if self.has_permission(request) else None}

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        may_freeze = request.user.has_perm("messaging.freeze_sending")
        context = {"today": today(timezone.now()), "may_freeze": may_freeze}
        return super().index(request, {**context, **(extra_context or {})})

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The pages of one part of the house; where its name in the menu leads."""
        titled = {"title": apps.get_app_config(app_label).verbose_name}
        return super().app_index(request, app_label, {**titled, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        found = super().get_app_list(request, app_label)
        for app in found:
            app["models"].sort(key=lambda model: _place(model["object_name"], PAGES))
        return sorted(found, key=lambda app: _place(app["app_label"], SECTIONS))


def _place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)
