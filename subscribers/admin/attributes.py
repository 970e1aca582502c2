from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from subscribers.admin.guarded import GuardedAdmin
from subscribers.models import Attribute, AttributeKind


class AttributeForm(forms.ModelForm):  # type: ignore[type-arg]
    answers = forms.CharField(
        label=_("Answers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For “one of a list”: one answer per line."),
    )

    class Meta:
        model = Attribute
        fields = ("label", "code", "kind", "reason", "retention_days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answers"].initial = "\n".join(map(str, self.instance.choices))

    def clean_answers(self) -> list[str]:
        lines = (line.strip() for line in self.cleaned_data["answers"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("kind", self.instance.kind)
        if kind == AttributeKind.CHOICE and not cleaned.get("answers"):
            self.add_error("answers", _("Give the answers that can be chosen."))
        self.instance.choices = cleaned.get("answers", [])
        return cleaned


@admin.register(Attribute)
class AttributeAdmin(GuardedAdmin):
    form = AttributeForm
    fields = ("label", "code", "kind", "answers", "reason", "retention_days")
    list_display = ("label", "code", "kind", "reason", "retention_days")
    ordering = ("label",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Attribute | None = None
    ) -> tuple[str, ...]:
        """What answers and segments already refer to stays as it is."""
        return ("code", "kind") if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Attribute | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"code": ("label",)}
