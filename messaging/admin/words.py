"""Writing a campaign's words in one language."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _

from messaging.models import CampaignText
from messaging.placeholders import problems
from messaging.values import declared


class CampaignTextForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = CampaignText
        fields = ("language", "body")
        widgets: ClassVar = {"body": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "body" in self.fields:
            self.fields["body"].help_text = _help_about_words(str(self.fields["body"].help_text))

    def clean_body(self) -> str:
        # A browser sends two characters for one line break; each would be charged.
        body = str(self.cleaned_data["body"]).replace("\r\n", "\n")
        language = dict(settings.LANGUAGES).get(self.cleaned_data.get("language", ""), "")
        found = [
            f"{language}: {each}" if language else str(each) for each in problems(body, declared())
        ]
        if found:
            raise ValidationError(found)
        return body


def _help_about_words(general: str) -> str:
    """What every text gets, and which placeholders there are."""
    known = declared().values()
    if not known:
        return general
    listed = ", ".join(f"{{{slot.code}|…}} ({slot.label})" for slot in known)
    placeholders = _("Placeholders: %(listed)s. After the bar: the words for everyone else.")
    return format_html("{}<br>{}", general, placeholders % {"listed": listed})
