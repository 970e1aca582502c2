"""Notices: their words are written as drafts and never change once published."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.admin.publishing import PublishableAdmin
from consent.models import Notice, NoticePurpose, NoticeVersion
from consent.models.notices import Change
from consent.notices import ELEMENTS, content_hash, previous_version, rendered_notice
from consent.operations.publishing import (
    draft_from,
    next_number,
    notice_problems,
    publish_notice_version,
)
from subscribers.admin.guarded import GuardedAdmin, GuardedInline, staff

WORDS = {
    f"words_{code}": forms.CharField(
        label=label, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    for code, label in ELEMENTS.items()
}
ElementFields: Any = type(forms.ModelForm)("ElementFields", (forms.ModelForm,), dict(WORDS))  # type: ignore[misc]


class NoticeVersionForm(ElementFields):  # type: ignore[misc]
    class Meta:
        model = NoticeVersion
        fields = ("notice", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in ELEMENTS:
            self.fields[f"words_{code}"].initial = self.instance.elements.get(code, "")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        words = {code: cleaned.get(f"words_{code}", "").strip() for code in ELEMENTS}
        self.instance.elements = {code: said for code, said in words.items() if said}
        return cleaned


class ChangeForm(forms.Form):
    """What these words do to the ones before; it travels with the button that publishes."""

    change = forms.ChoiceField(
        label=gettext_lazy("These words"),
        choices=[("", "—"), *Change.choices[1:]],
    )
    reason = forms.CharField(
        label=gettext_lazy("Because"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Published with the words, for everybody to read."),
    )

    # What is missing is said by the operation, once and with its reason.
    use_required_attribute = False

    @property
    def answers(self) -> dict[str, Any]:
        """As `publish_notice_version` takes them; what was not understood is as if not said."""
        self.full_clean()
        said = self.cleaned_data
        return {"change": Change(said.get("change", "")), "reason": said.get("reason", "")}


class PromiseInline(GuardedInline):
    model = NoticePurpose
    extra = 0
    min_num = 1
    fields = ("purpose", "statement", ("promised_texts", "promised_days"))


class VersionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = NoticeVersion
    fields = ("language", "number", "published_at")
    readonly_fields = ("language", "number", "published_at")
    ordering = ("language", "-number")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Notice)
class NoticeAdmin(GuardedAdmin):
    list_display = ("name", "languages")
    fields = ("name",)
    inlines: ClassVar = [VersionInline]
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description=gettext_lazy("published in"))
    def languages(self, notice: Notice) -> str:
        published = [v.get_language_display() for v in notice.versions.all() if v.published_at]
        return ", ".join(sorted(set(published))) or _("nothing published")


class PublishedFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "published"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("published")), ("no", _("draft"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(published_at__isnull=self.value() == "no")


PUBLISHED_FIELDS = (
    "notice",
    "language",
    "number",
    "change",
    "change_reason",
    "published_at",
    "published_by",
    "words",
)


@admin.register(NoticeVersion)
class NoticeVersionAdmin(PublishableAdmin):
    form = NoticeVersionForm
    inlines: ClassVar = [PromiseInline]
    list_display = ("notice", "language", "number", "state", "published_at", "published_by")
    list_filter = ("language", PublishedFilter)
    list_select_related = ("notice", "published_by")
    ordering = ("notice__name", "language", "-number")
    change_form_template = "admin/consent/noticeversion/change_form.html"
    publish_template = "admin/consent/noticeversion/publish.html"
    publish_permission = "consent.publish_noticeversion"
    published_message = gettext_lazy("Published. These words can no longer change.")

    def get_urls(self) -> list[URLPattern]:
        return [
            self.button(self.copy, name="copy", verb="copy"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Published words never change; the database refuses it as well."""
        is_draft = obj is None or obj.published_at is None
        return is_draft and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj and not self.has_change_permission(request, obj):
            return PUBLISHED_FIELDS
        return ("notice", "language", *WORDS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj and not self.has_change_permission(request, obj):
            return PUBLISHED_FIELDS
        return ("notice", "language") if obj else ()

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        inlines = super().get_inline_instances(request, obj)
        if obj and obj.published_at:
            for inline in inlines:
                inline.max_num = inline.min_num = 0
        return inlines

    @admin.display(description=gettext_lazy("state"))
    def state(self, version: NoticeVersion) -> str:
        return _("published") if version.published_at else _("draft")

    @admin.display(description=gettext_lazy("words"))
    def words(self, version: NoticeVersion) -> SafeString:
        lines = format_html_join("", "<dt>{}</dt><dd>{}</dd>", rendered_notice(version))
        return format_html("<dl>{}</dl>", lines)

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool
    ) -> None:
        if not change:
            obj.number = next_number(obj)
        super().save_model(request, obj, form, change)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        version = kwargs.get("obj")
        if version is not None:
            context["problems"] = notice_problems(version) if not version.published_at else []
            context["may_copy"] = self.has_add_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def publication(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        before = previous_version(row)
        said = ChangeForm(request.POST if request.method == "POST" else None)
        return {
            "shown": content_hash(row).hex(),
            "problems": notice_problems(row),
            "before": before,
            "effect": said if before else None,
            "notice": rendered_notice(row),
            "promises": row.purposes.select_related("purpose").order_by("pk"),
        }

    def publishing(self, request: HttpRequest, row: Any) -> Callable[[], object]:
        return partial(
            publish_notice_version,
            actor=staff(request),
            version=row,
            at=timezone.now(),
            **ChangeForm(request.POST).answers,
        )

    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.row_or_404(request, object_id)
        draft = draft_from(actor=staff(request), version=version, at=timezone.now())
        self.log_addition(request, draft, [{"added": {}}])
        return self.to_page_of(draft)
