"""What is typed about numbers, for the public pages and the admin alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import SUPPORTED_REGIONS

from subscribers.countries import names_with_codes
from subscribers.numbers import UnusableNumber, parse

UNUSABLE = {
    "unreadable": gettext_lazy(
        "This cannot be read as a phone number. Type it in full, as you would dial it."
    ),
    "impossible": gettext_lazy("No phone has this number. Check that no digit is missing."),
    "extension": gettext_lazy("A number with an extension gets no texts. Leave the extension out."),
    "landline": gettext_lazy("This is a landline. Texts reach mobile phones only."),
    "premium": gettext_lazy("This is a premium-rate number. Give the number of a mobile phone."),
    "toll_free": gettext_lazy("This is a free-call number. Give the number of a mobile phone."),
    "shared_cost": gettext_lazy("This is a shared-cost number. Give the number of a mobile phone."),
    "pager": gettext_lazy("This is a pager. Give the number of a mobile phone."),
    "company": gettext_lazy("This is a company number. Give the number of a mobile phone."),
    "voicemail": gettext_lazy("This is a voicemail number. Give the number of a mobile phone."),
}


class MobileNumberField(PhoneNumberField):  # type: ignore[misc]
    """A number that can be texted, cleaned to a `PhoneNumber`; refusals say what is wrong.

    `country` is assumed where no + is typed; no `countries` means that every one is taken.
    """

    # What can be texted is judged by `parse`, which also knows the numbers of fiction.
    default_validators = ()

    def __init__(self, *, country: str, countries: Collection[str] = (), **options: Any) -> None:
        self.countries = countries
        super().__init__(region=country, max_length=40, **options)
        self.widget.attrs |= {"autocomplete": "tel", "inputmode": "tel"}

    def to_python(self, value: Any) -> PhoneNumber | str:
        if value in self.empty_values:
            return ""
        try:
            e164 = parse(str(value), country=self.region, countries=self.countries)
        except UnusableNumber as error:
            raise ValidationError(self._sentence(error.code), code=error.code) from None
        return PhoneNumber.from_string(e164)

    def run_validators(self, value: Any) -> None:
        """The length is that of what was typed, not of the number in it."""

    def _sentence(self, code: str) -> str:
        if code == "country":
            taken = get_text_list(names_with_codes(list(self.countries)), _("or"))
            return _("This form takes numbers of %(countries)s.") % {"countries": taken}
        return str(UNUSABLE.get(code, UNUSABLE["impossible"]))


def country_codes(typed: Iterable[str]) -> list[str]:
    """ISO 3166-1 codes in capitals; raises `ValidationError` for what is none."""
    codes = [code.strip().upper() for code in typed]
    unknown = sorted(set(codes) - set(SUPPORTED_REGIONS))
    if unknown:
        raise ValidationError(_("Not a country code: %(codes)s") % {"codes": ", ".join(unknown)})
    return codes
