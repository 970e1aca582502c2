"""What each jurisdiction asks, and where staff set a rule aside under their name."""

from __future__ import annotations

import tomllib
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import PolicyOverride
from consent.operations.policy import (
    ACTION,
    UnableToOverride,
    end_override,
    override_policy,
    refuse_second,
    refuse_unsound,
)
from consent.policy.kinds import KINDS
from consent.policy.loosening import Effect, effect, shipped_value
from consent.policy.overrides import read_override
from consent.policy.packs import packs, stale_packs
from consent.policy.words import NAMES, explain
from subscribers.admin.guarded import GuardedAdmin, attempt, staff


class OverrideForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(label=gettext_lazy("Rule"), choices=list(NAMES.items()))
    value = forms.CharField(
        label=gettext_lazy("What counts here"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "As a pack writes it:"
            ' { mon_sat = "09:00-20:00", sun = "none", holiday = "none" } for hours,'
            " [{ texts = 3, hours = 24 }] for how often, { age = 16 }, { days = 730 },"
            ' { years = 10 }, ["[AD]"] for words, true or false.'
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )
    is_meant = forms.BooleanField(
        label=gettext_lazy("I mean to loosen the shipped rule"), required=False
    )

    class Meta:
        model = PolicyOverride
        fields: ClassVar = ("jurisdiction", "kind", "applies_to", "value", "reason")

    def clean_jurisdiction(self) -> str:
        code: str = self.cleaned_data["jurisdiction"].strip()
        return code.lower() if code.lower() == "default" else code.upper()

    def clean_value(self) -> object:
        try:
            return tomllib.loads(f"value = {self.cleaned_data['value']}")["value"]
        except tomllib.TOMLDecodeError:
            raise forms.ValidationError(
                _("This cannot be read; write it as a pack does.")
            ) from None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        rule = {name: given[name] for name in ("jurisdiction", "kind", "value")}
        try:
            refuse_unsound(reason=given["reason"], **rule)
            refuse_second(
                jurisdiction=rule["jurisdiction"],
                kind=rule["kind"],
                applies_to=given["applies_to"],
            )
        except UnableToOverride as refusal:
            raise forms.ValidationError(refusal.reason) from None
        self._mean_it(given)
        return given

    def _mean_it(self, given: dict[str, Any]) -> None:
        kind = given["kind"]
        shipped = shipped_value(given["jurisdiction"], kind, given["applies_to"], at=timezone.now())
        outcome = effect(kind, shipped=shipped, value=KINDS[kind].parse(given["value"]))
        if outcome == Effect.LOOSENS and not given["is_meant"]:
            said = {"words": KINDS[kind].words(shipped)}
            self.add_error(
                "is_meant", _("This loosens the shipped rule, which says: %(words)s.") % said
            )


@admin.register(PolicyOverride)
class PolicyOverrideAdmin(GuardedAdmin):
    form = OverrideForm
    change_list_template = "admin/consent/policyoverride/change_list.html"
    change_form_template = "admin/consent/policyoverride/change_form.html"
    list_display = (
        "jurisdiction",
        "rule",
        "applies_to",
        "outcome",
        "since_at",
        "made_by",
        "ended_at",
    )
    list_select_related = ("made_by",)
    list_filter = ("applies_to",)
    ordering = ("-since_at",)

    def get_urls(self) -> list[URLPattern]:
        listed = self.admin_site.admin_view(self.all_packs)
        one = self.admin_site.admin_view(self.one_pack)
        return [
            path("packs/", listed, name="consent_policyoverride_packs"),
            path("packs/<str:code>/", one, name="consent_policyoverride_pack"),
            self.button(self.end, name="end", verb="end"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("made_by", "ended_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ACTION)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is ended, never edited."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return (*OverrideForm.Meta.fields, "is_meant")
        return (
            "jurisdiction", "rule", "applies_to", "shipped", "here", "outcome",
            "reason", "made_by", "since_at", "ended_at", "ended_by",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    @admin.display(description=gettext_lazy("rule"), ordering="kind")
    def rule(self, override: PolicyOverride) -> str:
        return str(NAMES[override.kind])

    @admin.display(description=gettext_lazy("what it does"))
    def outcome(self, override: PolicyOverride) -> str:
        here = read_override(override).value
        return str(effect(override.kind, shipped=_shipped(override), value=here).label)

    @admin.display(description=gettext_lazy("the shipped rule"))
    def shipped(self, override: PolicyOverride) -> str:
        return KINDS[override.kind].words(_shipped(override))

    @admin.display(description=gettext_lazy("what counts here"))
    def here(self, override: PolicyOverride) -> str:
        return KINDS[override.kind].words(read_override(override).value)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().add_view(request, *args, **kwargs)
        except UnableToOverride as refusal:
            # Somebody else was quicker than this form.
            messages.error(request, refusal.reason)
            return redirect("admin:consent_policyoverride_changelist")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        rule = {name: form.cleaned_data[name] for name in OverrideForm.Meta.fields}
        made = override_policy(actor=staff(request), at=timezone.now(), **rule)
        obj.pk, obj._state.adding = made.pk, False  # noqa: SLF001

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_override"] = request.user.has_perm(ACTION)
        return super().render_change_form(request, context, *args, **kwargs)

    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        override = self.row_or_404(request, object_id)
        operation = partial(
            end_override, actor=staff(request), override=override, at=timezone.now()
        )
        done = _("The shipped rule counts again.")
        if attempt(request, operation, refusals=(UnableToOverride,), done=done):
            self.log_change(request, override, [{"changed": {"fields": ["ended_at"]}}])
        return self.to_page_of(override)

    def all_packs(self, request: HttpRequest) -> HttpResponse:
        self._only_viewers(request)
        shipped = sorted(packs().values(), key=lambda pack: pack.name)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Rules by jurisdiction"),
            "packs": shipped,
            "stale": stale_packs(shipped, on=timezone.now().date()),
        }
        return TemplateResponse(request, "admin/consent/policyoverride/packs.html", context)

    def one_pack(self, request: HttpRequest, code: str) -> HttpResponse:
        self._only_viewers(request)
        pack = packs().get(code)
        if pack is None:
            raise Http404
        now = timezone.now()
        kinds = ("marketing", "service")
        context = {
            **self.admin_site.each_context(request),
            "title": pack.name,
            "pack": pack,
            "found": {kind: explain(frozenset({code}), at=now, kind=kind) for kind in kinds},
            "may_override": request.user.has_perm(ACTION),
        }
        return TemplateResponse(request, "admin/consent/policyoverride/pack.html", context)

    def _only_viewers(self, request: HttpRequest) -> None:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied


def _shipped(override: PolicyOverride) -> Any:
    """What it was set in place of, as the packs say it today."""
    return shipped_value(
        override.jurisdiction, override.kind, override.applies_to, at=override.since_at
    )
