from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from messaging.models import Enquiry, Message
from messaging.reasons import objection_codes, reasons_in_one_line
from subscribers.admin.guarded import ReadOnlyAdmin


class ObjectionFilter(admin.SimpleListFilter):
    title = _("rule not met")
    parameter_name = "objection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(objection_codes())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(objections__contains=[{"code": self.value()}])


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("number", "what", "state_in_words", "why", "queued_at")
    list_filter = ("state", ObjectionFilter, "kind", "campaign")
    list_select_related = ("subscriber", "campaign")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "number",
        "kind",
        "state_in_words",
        "why",
        "campaign",
        "purpose",
        "sender",
        "parts",
        "attempts_made",
        "error_code",
        "enquiries",
        "queued_at",
        "permitted_at",
        "settled_at",
        "lapses_at",
    )

    @admin.display(description=_("person"))
    def number(self, message: Message) -> str:
        return message.subscriber.masked_number or str(_("erased"))

    @admin.display(description=_("text"))
    def what(self, message: Message) -> str:
        """Whose words these are: a campaign's, or ours of a kind."""
        return str(message.campaign or message.get_kind_display())

    @admin.display(description=_("state"), ordering="state")
    def state_in_words(self, message: Message) -> SafeString:
        return format_html(
            '<span class="state state-{}">{}</span>', message.state, message.get_state_display()
        )

    @admin.display(description=_("asked the provider"))
    def enquiries(self, message: Message) -> str:
        """How often it was asked about a text with an unclear end."""
        enquiry = Enquiry.objects.filter(message=message).first()
        if enquiry is None:
            return "–"
        last = date_format(timezone.localtime(enquiry.asked_at), "DATETIME_FORMAT")
        return ngettext(
            "%(times)d time, last on %(last)s", "%(times)d times, last on %(last)s", enquiry.times
        ) % {"times": enquiry.times, "last": last}

    @admin.display(description=_("why not"))
    def why(self, message: Message) -> str:
        return reasons_in_one_line(message)


def messages_address(**filters: object) -> str:
    """The list of messages, narrowed; only what the page's own filters answer."""
    return reverse("admin:messaging_message_changelist", query=filters)
