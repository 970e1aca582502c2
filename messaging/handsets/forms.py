from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from subscribers.fields import MobileNumberField


class OpenForm(forms.Form):
    """Which phone to pick up. The number travels in the body only."""

    number = MobileNumberField(country=settings.DEFAULT_COUNTRY, label=_("Phone number"))


class ReplyForm(forms.Form):
    text = forms.CharField(
        label=_("Text message"),
        max_length=1600,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SwitchesForm(forms.Form):
    """What the carrier does wrong on purpose."""

    failure = forms.ChoiceField(
        label=_("Submissions"),
        choices=[
            ("none", _("are accepted")),
            ("reject", _("are refused for good")),
            ("throttle", _("are asked to wait")),
            ("server_error_after_accepting", _("are accepted, but answered with an error")),
            ("hang", _("never get an answer and go nowhere")),
        ],
    )
    share = forms.IntegerField(label=_("Share that fails so (%)"), min_value=0, max_value=100)
    delay_ms = forms.IntegerField(label=_("Answers come after (ms)"), min_value=0, max_value=60_000)
    lost_responses = forms.IntegerField(
        label=_("Answers lost on the way (%)"),
        min_value=0,
        max_value=100,
        help_text=_("The text arrives, the sender never hears of it."),
    )
    receipts = forms.ChoiceField(
        label=_("Receipts say"),
        choices=[
            ("delivered", _("delivered")),
            ("undelivered", _("not delivered")),
            ("none", _("nothing: none are sent")),
        ],
    )
    receipt_delay_ms = forms.IntegerField(
        label=_("Receipts come after (ms)"), min_value=0, max_value=600_000
    )
    receipts_doubled = forms.BooleanField(label=_("Send each receipt twice"), required=False)
    receipts_reversed = forms.BooleanField(
        label=_("Send an older receipt after each"), required=False
    )

    @property
    def positions(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}
