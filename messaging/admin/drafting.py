"""The form of a draft: what it is, and why it may go where a content rule asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from consent.models import Purpose, PurposeKind
from messaging.admin.summary import reason_field
from messaging.checklist import LONGEST_REASON, SHORTEST_REASON
from messaging.models import Campaign, Sender
from messaging.rules.content import CONTENT_RULES, ContentRule


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Campaign
        fields = (
            "name",
            "purpose",
            "subscriber_list",
            "segment",
            "sender",
            "useful_hours",
            "weight",
            "fit_for_minors",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "purpose" in self.fields:
            purposes = Purpose.objects.exclude(kind=PurposeKind.SHARING)
            self.fields["purpose"].queryset = purposes  # type: ignore[attr-defined]
            self.fields["sender"].queryset = Sender.objects.filter(  # type: ignore[attr-defined]
                is_active=True
            )
        for rule in CONTENT_RULES:
            if not rule.blocks:
                self.fields[reason_field(rule.code)] = self._reason(rule)

    def _reason(self, rule: ContentRule) -> forms.CharField:
        return forms.CharField(
            label=_("Why should it be sent like this?"),
            help_text=_("Whoever approves it reads this."),
            required=False,
            min_length=SHORTEST_REASON,
            max_length=LONGEST_REASON,
            initial=self.instance.justifications.get(rule.code, ""),
            widget=forms.Textarea(attrs={"rows": 2}),
        )

    def clean(self) -> dict[str, Any]:
        """What was asked for on the page joins what was answered before."""
        cleaned = super().clean() or self.cleaned_data
        reasons = dict(self.instance.justifications)
        for rule in CONTENT_RULES:
            name = reason_field(rule.code)
            if self.add_prefix(name) in self.data and name in cleaned:
                reasons[rule.code] = cleaned[name]
        self.instance.justifications = {code: words for code, words in reasons.items() if words}
        return cleaned
