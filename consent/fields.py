"""The fields of the public forms that know our domain: an answer to a declared attribute."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from subscribers.models import Attribute, AttributeKind
from subscribers.operations import clean_answer


class AnswerField(forms.Field):
    """The optional answer to one declared attribute, judged where answers are kept."""

    def __init__(self, attribute: Attribute, **options: Any) -> None:
        self.attribute = attribute
        super().__init__(
            required=False, label=attribute.label, help_text=attribute.reason, **options
        )

    def clean(self, value: Any) -> object:
        try:
            return clean_answer(self.attribute, self._answer(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def _answer(self, value: Any) -> object:
        """What was chosen, where the widget only knows its text."""
        if self.attribute.kind == AttributeKind.YES_NO:
            return {"yes": True, "no": False}.get(value, value)
        if self.attribute.kind == AttributeKind.CHOICE:
            return {str(each): each for each in self.attribute.choices}.get(value, value)
        return value


def attribute_field(attribute: Attribute) -> AnswerField:
    return AnswerField(attribute, widget=_attribute_widget(attribute))


def _attribute_widget(attribute: Attribute) -> forms.Widget:
    match attribute.kind:
        case AttributeKind.NUMBER:
            return forms.TextInput(attrs={"inputmode": "numeric", "class": "short"})
        case AttributeKind.DATE:
            return forms.DateInput(attrs={"type": "date", "class": "short"})
        case AttributeKind.CHOICE:
            return forms.Select(choices=[("", "—"), *((str(c), str(c)) for c in attribute.choices)])
        case AttributeKind.YES_NO:
            return forms.Select(choices=[("", "—"), ("yes", _("Yes")), ("no", _("No"))])
        case _:
            return forms.TextInput(attrs={"maxlength": 200})
