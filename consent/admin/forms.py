"""Signup forms: changed while they are taken down, shown to the public while published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

from consent.admin.publishing import PublishableAdmin
from consent.forms import SignupRequest
from consent.models import SignupForm
from consent.notices import hash_of_content
from consent.open_forms import form_as_shown
from consent.operations.publishing import form_problems, publish_form, unpublish_form
from subscribers.admin.guarded import attempt, staff
from subscribers.countries import names_with_codes
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
class SignupFormAdmin(PublishableAdmin):
    form = SignupFormForm
    list_display = ("title", "public_address", "notice", "subscriber_list", "published_at")
    list_select_related = ("notice", "subscriber_list")
    ordering = ("title",)
    readonly_fields = ("public_address", "published_at", "published_by", "version")
    change_form_template = "admin/consent/signupform/change_form.html"
    publish_template = "admin/consent/signupform/publish.html"
    publish_permission = "consent.publish_signupform"
    published_message = gettext_lazy("The form is public now.")
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

    def publication(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """The page as visitors will see it, with all the words that bear on their consent."""
        page = form_as_shown(row, "en", at=timezone.now())
        words = SignupRequest(page).shown_text if page else ""
        return {
            "page": page,
            "words": words,
            "shown": _content(row, words),
            "problems": form_problems(row),
            "countries": names_with_codes(row.countries),
            "address": f"{settings.PUBLIC_URL}/signup/{row.slug}/",
        }

    def publishing(self, request: HttpRequest, row: Any) -> Callable[[], object]:
        return partial(publish_form, actor=staff(request), form=row, at=timezone.now())

    def unpublish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = self.row_or_404(request, object_id)
        operation = partial(unpublish_form, actor=staff(request), form=form, at=timezone.now())
        if attempt(request, operation, done=_("The form is no longer public.")):
            self.log_change(request, form, [{"changed": {"fields": ["published_at"]}}])
        return self.to_page_of(form)


def _content(form: SignupForm, words: str) -> str:
    """Tells whether two members of staff looked at the same form."""
    said = [form.slug, form.minimum_age, form.countries, form.placement, form.subscriber_list_id]
    asked = sorted(form.attributes.values_list("pk", flat=True))
    return hash_of_content([*said, asked, words]).hex()
