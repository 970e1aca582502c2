"""Signup forms: changed while they are taken down, shown to the public while published."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import SignupForm
from consent.operations.publishing import UnableToPublish, publish_form, unpublish_form
from subscribers.admin.guarded import GuardedAdmin, attempt, staff
from subscribers.fields import country_codes


class SignupFormForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SignupForm
        fields = "__all__"  # noqa: DJ007 the page lists them
        widgets: ClassVar = {
            "introduction": forms.Textarea(attrs={"rows": 3}),
            "attributes": forms.CheckboxSelectMultiple,
        }

    def clean_countries(self) -> list[str]:
        return country_codes(self.cleaned_data["countries"])


@admin.register(SignupForm)
class SignupFormAdmin(GuardedAdmin):
    form = SignupFormForm
    list_display = ("title", "public_address", "notice", "subscriber_list", "published_at")
    list_select_related = ("notice", "subscriber_list")
    ordering = ("title",)
    readonly_fields = ("public_address", "published_at", "published_by", "version")
    change_form_template = "admin/consent/signupform/change_form.html"
    fieldsets = (
        (None, {"fields": ("title", "slug", "introduction", "public_address")}),
        (
            gettext_lazy("What it asks"),
            {
                "fields": (
                    "notice",
                    "subscriber_list",
                    ("minimum_age", "takes_minors"),
                    "countries",
                    "attributes",
                )
            },
        ),
        (
            gettext_lazy("Why it may ask"),
            {"fields": ("placement", "reason_for_number", "alternative")},
        ),
        (gettext_lazy("State"), {"fields": ("published_at", "published_by", "version")}),
    )

    def get_urls(self) -> list[URLPattern]:
        return [
            self.button(self.publish, name="publish", verb="publish"),
            self.button(self.unpublish, name="unpublish", verb="unpublish"),
            *super().get_urls(),
        ]

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("title",)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What people look at does not change under them: take it down first."""
        is_down = obj is None or obj.published_at is None
        return is_down and super().has_change_permission(request, obj)

    @admin.display(description=gettext_lazy("public address"))
    def public_address(self, form: SignupForm) -> SafeString | str:
        if form.published_at is None:
            return _("not published")
        address = f"{settings.PUBLIC_URL}/signup/{form.slug}/"
        return format_html('<a href="{}">{}</a>', address, address)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_publish"] = request.user.has_perm("consent.publish_signupform")
        return super().render_change_form(request, context, *args, **kwargs)

    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._press(request, object_id, publish_form, _("The form is public now."))

    def unpublish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._press(request, object_id, unpublish_form, _("The form is no longer public."))

    def _press(self, request: HttpRequest, object_id: str, verb: Any, done: str) -> HttpResponse:
        form = self.row_or_404(request, object_id)
        operation = partial(verb, actor=staff(request), form=form, at=timezone.now())
        if attempt(request, operation, refusals=(UnableToPublish,), done=done):
            self.log_change(request, form, [{"changed": {"fields": ["published_at"]}}])
        return self.to_page_of(form)
