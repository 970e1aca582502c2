"""What someone younger is asked on top: the month in which they are old enough, and a guardian."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.forms import SignupRequest
from consent.open_forms import OpenForm
from consent.policy.requirements import Requirements
from subscribers.fields import MobileNumberField

# Where one of them is missing, the questions were not shown yet.
GUARDIAN_FIELDS = ("month", "year", "guardian_number")

WHY = gettext_lazy(
    "Below %(age)d, a parent or guardian decides with you. We ask them first: one text to their "
    "own phone names your wish and the last two digits of your number. If they say yes, we ask "
    "you as well. We use their number for nothing else. Of your age we keep only the month you "
    "give here, so that you decide alone from then on."
)


class YoungSignupRequest(SignupRequest):
    """The answers of someone below the age that was asked."""

    def __init__(self, page: OpenForm, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(page, *args, **kwargs)
        self.today = today
        asked = {"age": page.age_asked}
        self.fields["month"] = forms.TypedChoiceField(
            label=_("Month"),
            coerce=int,
            choices=[("", "–"), *((str(number), name) for number, name in MONTHS.items())],
            error_messages={"required": _("Say in which month you turn %(age)d.") % asked},
        )
        years = range(today.year, today.year + page.age_asked + 1)
        self.fields["year"] = forms.TypedChoiceField(
            label=_("Year"),
            coerce=int,
            choices=[("", "–"), *((str(year), str(year)) for year in years)],
            error_messages={"required": _("Say in which year you turn %(age)d.") % asked},
        )
        self.fields["guardian_number"] = MobileNumberField(
            country=page.form.countries[0],
            countries=page.form.countries,
            label=_("The mobile number of a parent or guardian"),
            help_text=_("Not yours. They get one text, and can answer YES or NO."),
            error_messages={"required": _("Give the mobile number of a parent or guardian.")},
        )

        # As they stand on the page, so that mistakes are listed in that order.
        self.order_fields(["website", "words", "age", *GUARDIAN_FIELDS])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        number, guardian = cleaned.get("number"), cleaned.get("guardian_number")
        if number and number == guardian:
            self.add_error("guardian_number", _("This is your own number. We need theirs."))
        if "month" in cleaned and "year" in cleaned and not self._is_ahead(cleaned):
            over = _("That month is over. When will you turn %(age)d?")
            self.add_error("month", over % {"age": self.page.age_asked})
        return cleaned

    def _is_ahead(self, cleaned: dict[str, Any]) -> bool:
        return (cleaned["year"], cleaned["month"]) >= (self.today.year, self.today.month)

    def is_refused(self, law: Requirements) -> bool:
        """Below the age at which anybody may sign up, as far as the month tells."""
        years_between = self.page.age_asked - law.refuses_below
        turned = (self.cleaned_data["year"] - years_between, self.cleaned_data["month"])
        return law.refuses_below > 0 and turned >= (self.today.year, self.today.month)

    @property
    def why(self) -> str:
        """Why we ask them more than others."""
        return str(WHY) % {"age": self.page.age_asked}

    def blank(self) -> SignupRequest:
        return YoungSignupRequest(self.page, today=self.today)

    @property
    def under_age_until(self) -> date:
        """The first day after the month they named; they may be of age earlier in it."""
        year, month = self.cleaned_data["year"], self.cleaned_data["month"]
        return date(year + month // 12, month % 12 + 1, 1)

    @property
    def age_asserted(self) -> str:
        """Such as "younger than 16"."""
        return f"younger than {self.page.age_asked}"


def typed_before(
    data: QueryDict, *, seen: SignupRequest, asked_next: SignupRequest
) -> dict[str, Any]:
    """What was filled in on one page, for the other that is shown next; nothing is lost."""
    typed: dict[str, Any] = dict(data.items())
    # A yes to words that have changed meanwhile does not count.
    ticked = data.getlist("purposes") if data.get("words") == seen.fingerprint else []
    return {**typed, "purposes": ticked, "words": asked_next.fingerprint}


def asks_for_the_first_time(data: QueryDict) -> bool:
    return not any(name in data for name in GUARDIAN_FIELDS)
