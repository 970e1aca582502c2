"""Phone numbers: reading, judging, masking. E.164 everywhere inside."""

from __future__ import annotations

import re
from collections.abc import Collection

import phonenumbers
from django.conf import settings
from phonenumbers import NumberParseException, PhoneNumberType

from subscribers import encryption

# Numbers that regulators keep out of service for films and examples: Ofcom
# (07700 900xxx), NANPA (555-0100 to 555-0199), ARCEP (06 39 98), ACMA (0491
# 570 006, 110, 156 to 159), PTS (070-174 06). The metadata calls most of them invalid.
RESERVED_FOR_FICTION = re.compile(
    r"\+(447700900\d{3}|1[2-9]\d{2}55501\d{2}|33639980\d{3}|61491570(?:006|110|15[6-9])|467017406\d{2})"
)
# A text to these kinds of number reaches nobody, or costs them money.
NEVER_TEXTED = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
# Calling codes of plans whose numbers begin with an area code, and how many digits that has.
AREA_DIGITS = {1: 3, 55: 2}
# What the library calls a country that it does not know, or that is none ("001").
UNKNOWN_COUNTRY = "ZZ"


class UnusableNumber(Exception):
    """Why a number was refused: `code` is unreadable, extension, impossible, country
    or a kind of number.

    Never carries the number itself.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def parse(text: str, *, country: str, countries: Collection[str] = ()) -> str:
    """The number in E.164, or `UnusableNumber`.

    `country` (ISO 3166-1 alpha-2) is assumed where the text has no `+`;
    `countries`, when given, are the only ones taken.
    """
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        raise UnusableNumber("unreadable") from None
    if number.extension:
        raise UnusableNumber("extension")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not is_fictional(e164):
        _refuse_unusable(number)
    if countries and country_of(e164) not in countries:
        raise UnusableNumber("country")
    return e164


def _refuse_unusable(number: phonenumbers.PhoneNumber) -> None:
    if not phonenumbers.is_valid_number(number):
        raise UnusableNumber("impossible")
    kind = phonenumbers.number_type(number)
    if kind in NEVER_TEXTED:
        raise UnusableNumber(NEVER_TEXTED[kind])


def is_fictional(e164: str) -> bool:
    """True for a number reserved for fiction, in demo mode only: elsewhere nobody has one."""
    return bool(settings.DEMO and RESERVED_FOR_FICTION.fullmatch(e164))


def country_of(e164: str) -> str:
    """ISO 3166-1 alpha-2, or "" where the number belongs to none (such as +883)."""
    number = phonenumbers.parse(e164)
    region = phonenumbers.region_code_for_number(number)
    country = region or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return country if country.isalpha() and country != UNKNOWN_COUNTRY else ""


def number_area(e164: str) -> str:
    """Coarsely where a number was given out, "" where nobody knows.

    "+1" and the area code in the North American plan, "+55" and the area code in Brazil, else
    the country (ISO 3166-1 alpha-2). Never a further digit of the number.
    """
    number = phonenumbers.parse(e164)
    digits = AREA_DIGITS.get(number.country_code or 0)
    if not digits:
        return country_of(e164)
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)[:digits]}"


def digest(e164: str) -> bytes:
    """The keyed digest by which the number is found."""
    return encryption.digest(e164, use="phone number digest")


def digests(e164: str) -> list[bytes]:
    """The digests under every configured key, for look-ups."""
    return encryption.digests(e164, use="phone number digest")


def mask(e164: str) -> str:
    """What staff see: the country code and the last two digits."""
    code = str(phonenumbers.parse(e164).country_code)
    return f"+{code} {'•' * max(3, len(e164) - len(code) - 3)}{e164[-2:]}"
