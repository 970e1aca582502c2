"""What people type on the public pages."""

from __future__ import annotations

import hashlib
from typing import Any, Self

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import cached_property
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.fields import attribute_field
from consent.frequency import frequency_choices
from consent.models import NoticePurpose
from consent.open_forms import OpenForm
from consent.receipt_checks import LONGEST
from consent.regions import region_choices
from consent.shown_words import shown_words
from consent.standing import StandingLine
from consent.time_zones import time_zone_choices
from subscribers.countries import calling_code, in_a_sentence, names_with_codes
from subscribers.fields import MobileNumberField
from subscribers.models import Subscriber

OLD_ENOUGH = "old_enough"
YOUNGER = "younger"
ATTRIBUTE = "attribute_"


class SignupRequest(forms.Form):
    """One visitor's answers to one published form."""

    # People never see this field; what fills it in is a program.
    website = forms.CharField(
        required=False,
        label=gettext_lazy("Leave this empty"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    # The words that were on the page, so that nobody agrees to others.
    words = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, page: OpenForm, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        self._add_age()
        self.fields["number"] = _number_field(page)
        self._add_language()
        for attribute in page.form.attributes.order_by("pk"):
            self.fields[ATTRIBUTE + attribute.code] = attribute_field(attribute)
        self._add_purposes()

    def _add_age(self) -> None:
        if not self.page.age_asked:
            return
        years = {"age": self.page.age_asked}
        self.fields["age"] = forms.ChoiceField(
            label=_("How old are you?"),
            widget=forms.RadioSelect,
            choices=[
                (OLD_ENOUGH, _("I am %(age)d or older") % years),
                (YOUNGER, _("I am younger than %(age)d") % years),
            ],
            error_messages={"required": _("Say whether you are %(age)d or older.") % years},
        )

    def _add_language(self) -> None:
        self.fields["language"] = forms.ChoiceField(
            label=_("Language of the texts"),
            choices=self.page.languages,
            initial=self.page.version.language,
        )

    def _add_purposes(self) -> None:
        self.fields["purposes"] = forms.ModelMultipleChoiceField(
            self.page.version.purposes.select_related("purpose").order_by("pk"),
            label=_("What may we text you about?"),
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Tick at least one box, or leave this page.")},
        )

    @property
    def boxes(self) -> list[tuple[NoticePurpose, bool]]:
        """Each promise of the notice and whether its box is ticked; none is at first."""
        ticked = self["purposes"].value() or []
        return [(promise, str(promise.pk) in ticked) for promise in self.page.promises]

    @property
    def attribute_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(ATTRIBUTE)]

    @property
    def is_from_a_program(self) -> bool:
        return bool(self.data.get("website"))

    @property
    def is_from_someone_younger(self) -> bool:
        return "age" in self.fields and self.data.get("age") == YOUNGER

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if words != self.fingerprint:
            raise forms.ValidationError(
                _("The words on this page have just changed. Read them again before you agree.")
            )
        return words

    def with_current_words(self) -> Self:
        """To be shown again: what was typed stays, but a yes to other words does not."""
        if "words" in self.errors:
            kept = {name: value for name, value in self.data.items() if name != "purposes"}
            self.data = {**kept, "words": self.fingerprint}
        return self

    @classmethod
    def empty(cls, page: OpenForm) -> Self:
        """As it is first shown."""
        return cls(page, initial={"words": cls(page).fingerprint})

    @cached_property
    def shown_text(self) -> str:
        """Every word of the page before anything was typed: what the answer agrees to."""
        return shown_words("consent/signup_body.html", page=self.page, form=self.blank())

    def blank(self) -> SignupRequest:
        """The same questions, without an answer."""
        return SignupRequest(self.page)

    @property
    def fingerprint(self) -> str:
        """Tells whether two visitors were shown the same words."""
        return hashlib.sha256(self.shown_text.encode()).hexdigest()

    @cached_property
    def ticked(self) -> dict[str, bool]:
        """{purpose code: ticked}, of every box that was shown."""
        chosen = {promise.pk for promise in self.cleaned_data["purposes"]}
        return {each.purpose.code: each.pk in chosen for each in self.page.promises}

    @property
    def answers(self) -> dict[str, object]:
        """{attribute code: answer}, of those answered."""
        named = {
            name.removeprefix(ATTRIBUTE): value
            for name, value in self.cleaned_data.items()
            if name.startswith(ATTRIBUTE)
        }
        return {code: value for code, value in named.items() if value is not None}

    @property
    def age_asserted(self) -> str:
        """Such as "16 or older"; "" where age was not asked."""
        return f"{self.page.age_asked} or older" if "age" in self.fields else ""


def _number_field(page: OpenForm) -> MobileNumberField:
    countries = page.form.countries
    return MobileNumberField(
        country=countries[0],
        countries=countries,
        label=_("Your mobile number"),
        help_text=_number_hint(countries),
        error_messages={"required": _("Give the number of your mobile phone.")},
    )


def _number_hint(countries: list[str]) -> str:
    taken = _("We take numbers of %(countries)s.") % {
        "countries": get_text_list(names_with_codes(countries), _("and"))
    }
    if len(countries) == 1:
        return taken
    home = {"country": in_a_sentence(countries[0])}
    # Apart from the line above: what stands inside an f-string is not found for translation.
    without_plus = _("Without a + we read it as a number of %(country)s.") % home
    return f"{taken} {without_plus}"


class OwnNumber(forms.Form):
    """The number of whoever wants to open their page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = settings.DEFAULT_COUNTRY
        hint = _("With the country code, such as %(code)s, or as you dial it in %(country)s.")
        self.fields["number"] = MobileNumberField(
            country=country,
            label=_("Your mobile number"),
            help_text=hint % {"code": calling_code(country), "country": in_a_sentence(country)},
            error_messages={"required": _("Give the number of your mobile phone.")},
        )


class CodeFromPhone(forms.Form):
    """The six digits of a text. Every refusal has the same words, whatever its cause."""

    code = forms.CharField(
        label=gettext_lazy("Code from the text"),
        max_length=20,
        error_messages={"required": gettext_lazy("Type the 6 digits of the text.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code"}
        ),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].replace("-", " ").split())
        if not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise forms.ValidationError(self.refusal())
        return code

    @staticmethod
    def refusal() -> str:
        return _("That code did not work. Use the newest text from us, or ask for another one.")


class Erasure(forms.Form):
    """Whether the no outlives the person's data. Silence is the safe answer, so it stands first."""

    remember_no = forms.TypedChoiceField(
        label=gettext_lazy("And if this number is given to us again?"),
        coerce=lambda value: value == "yes",
        choices=[
            ("yes", gettext_lazy("Remember my no")),
            ("no", gettext_lazy("Forget me entirely")),
        ],
        initial="yes",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the two.")},
    )


class Frequency(forms.Form):
    """Texts of one purpose less often than promised; "" is as promised."""

    def __init__(self, line: StandingLine, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Several of these forms stand on one page.
        self.auto_id = f"id_{line.purpose.code}_%s"
        chosen = line.chosen_texts and f"{line.chosen_texts}/{line.chosen_days}"
        self.fields["texts_in_days"] = forms.ChoiceField(
            label=_("How often"),
            required=False,
            choices=frequency_choices(line),
            initial=chosen or "",
        )

    @property
    def chosen(self) -> tuple[int | None, int | None]:
        texts, _slash, days = self.cleaned_data["texts_in_days"].partition("/")
        return (int(texts), int(days)) if texts else (None, None)


class Pause(forms.Form):
    days = forms.TypedChoiceField(
        label=gettext_lazy("No texts for"),
        coerce=int,
        choices=[
            (7, gettext_lazy("1 week")),
            (30, gettext_lazy("1 month")),
            (90, gettext_lazy("3 months")),
        ],
    )


class Settings(forms.Form):
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the texts"), choices=settings.LANGUAGES
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("The time where you live."),
        error_messages={"invalid_choice": gettext_lazy("Choose one of the time zones offered.")},
    )

    def __init__(self, subscriber: Subscriber, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {name: getattr(subscriber, name) for name in (*self.fields, "region")}
        offered = time_zone_choices(kept=subscriber.time_zone)
        self.fields["time_zone"].choices = offered  # type: ignore[attr-defined]
        regions = region_choices(subscriber)
        if regions:
            self.fields["region"] = forms.ChoiceField(
                label=_("State or province"),
                required=False,
                help_text=_("Where you live. Some have rules of their own about texts."),
                choices=regions,
                error_messages={
                    "invalid_choice": _("Choose one of the states or provinces offered.")
                },
            )


class ReceiptToCheck(forms.Form):
    """A receipt, pasted or as a file; `text` holds it, wherever it came from."""

    text = forms.CharField(
        label=gettext_lazy("The receipt"),
        required=False,
        strip=False,
        help_text=gettext_lazy("All of it, as it was downloaded, or the line of a printed code."),
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(label=gettext_lazy("Or its file"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        text = self._read(file) if file else cleaned.get("text", "")
        if len(text) > LONGEST:
            self.add_error("text", _("This is longer than any receipt of ours."))
        elif not text.strip() and not self.errors:
            self.add_error("text", _("Paste a receipt, or choose its file."))
        return {**cleaned, "text": text}

    @staticmethod
    def _read(file: UploadedFile) -> str:
        # A letter has at most four bytes; what is longer need not be read to its end.
        content: bytes = file.read(4 * LONGEST + 1)
        return content.decode("utf-8-sig", errors="replace")
