"""What staff fill in on the pages of a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from messaging.admin.why import recent_campaigns
from subscribers.fields import MobileNumberField

REASONS = [
    ("asked", gettext_lazy("They contacted us")),
    ("complaint", gettext_lazy("They complained")),
    ("signup", gettext_lazy("Checking how they signed up")),
    ("rights", gettext_lazy("They asked for their data or its erasure")),
    ("authority", gettext_lazy("An authority asked")),
]

ERASURE_REASONS = [
    ("", gettext_lazy("Choose")),
    ("person", gettext_lazy("They asked for it")),
    ("guardian", gettext_lazy("A guardian asked for it")),
    ("authority", gettext_lazy("An authority ordered it")),
    ("mistake", gettext_lazy("The number should never have come to us")),
]


class FindForm(forms.Form):
    number = MobileNumberField(
        country=settings.DEFAULT_COUNTRY,
        label=gettext_lazy("Number"),
        help_text=gettext_lazy("The whole number. Nothing is found by parts of it."),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Why do you look?"), choices=[("", gettext_lazy("Choose")), *REASONS]
    )


class StopForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("How did they tell us?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class EraseForm(forms.Form):
    # Kinds, no free words: what is written here outlives the person's data.
    reason = forms.ChoiceField(label=gettext_lazy("Why?"), choices=ERASURE_REASONS)
    remember_no = forms.TypedChoiceField(
        label=gettext_lazy("If the number comes to us again"),
        coerce=lambda value: value == "yes",
        choices=[
            ("yes", gettext_lazy("no text goes to it: their no is remembered")),
            ("no", gettext_lazy("we do not know it: they want to be forgotten entirely")),
        ],
        initial="yes",
    )


class EvidenceForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why is it exported?"), choices=[("", "—"), *REASONS]
    )
    held_sizes = forms.RegexField(
        regex=r"^[0-9]{1,18}([ ,]+[0-9]{1,18}){0,19}$",
        label=gettext_lazy("Sizes of checkpoints that the receiver holds (second line of each)"),
        required=False,
    )

    def clean_held_sizes(self) -> list[int]:
        return [int(size) for size in self.cleaned_data["held_sizes"].replace(",", " ").split()]


RESTRICTION_REASONS = [
    ("", gettext_lazy("Choose")),
    ("accuracy", gettext_lazy("They say that something is not right")),
    ("objection", gettext_lazy("They objected, and it is being looked at")),
    ("keep", gettext_lazy("They want it kept, and not used")),
    ("settled", gettext_lazy("It is settled")),
]


class RestrictionForm(forms.Form):
    # Kinds, no free words: the person reads this in their history.
    reason = forms.ChoiceField(label=gettext_lazy("Why?"), choices=RESTRICTION_REASONS)


class WhyForm(forms.Form):
    campaign = forms.TypedChoiceField(label=gettext_lazy("Campaign"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(campaign.pk, str(campaign)) for campaign in recent_campaigns()]
        self.fields["campaign"].choices = choices  # type: ignore[attr-defined]
