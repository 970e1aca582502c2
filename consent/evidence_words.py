"""The evidence of an event in words: for the person it is about, and for whoever checks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import Purpose
from subscribers.models import Attribute

LABELS = {
    "method": gettext_lazy("How"),
    "reply": gettext_lazy("Text from the number"),
    "statement": gettext_lazy("Words beside the box"),
    "boxes": gettext_lazy("Boxes"),
    "shown_text": gettext_lazy("Shown on the page"),
    "language": gettext_lazy("Language"),
    "attributes": gettext_lazy("Other answers"),
    "age_asserted": gettext_lazy("Age stated"),
    "page_address": gettext_lazy("Page"),
    "network": gettext_lazy("Shortened network address"),
    "user_agent": gettext_lazy("Browser"),
    "confirmation_text": gettext_lazy("Text sent to the number"),
    "provider_message_id": gettext_lazy("Number of the text at the phone company"),
    "provider_code": gettext_lazy("What the phone company reported"),
    "provider": gettext_lazy("Phone company"),
    "received_at": gettext_lazy("Received at"),
    "requested_at": gettext_lazy("Requested at"),
    "request": gettext_lazy("Number of the request"),
    "reason": gettext_lazy("Reason"),
    "staff": gettext_lazy("Member of staff, by number"),
    "from_number": gettext_lazy("Old number"),
    "to_number": gettext_lazy("New number"),
    "old_number_proven": gettext_lazy("How the old number was proven"),
    "held_since": gettext_lazy("Held since"),
    "import_batch": gettext_lazy("Import"),
    "original_source": gettext_lazy("Where it came from"),
    "original_date": gettext_lazy("Date stated there"),
    "asked_at": gettext_lazy("Asked at"),
    "guardian": gettext_lazy("Reference of the guardian"),
    "guardian_text": gettext_lazy("Text we sent to the guardian"),
    "under_age_until": gettext_lazy("Under age until"),
    "expired_at": gettext_lazy("Ended at"),
    "last_heard_from": gettext_lazy("Last heard from them"),
    "confirmed_by": gettext_lazy("Number of the yes"),
    "renews": gettext_lazy("Number of the yes"),
}
# Where the person is spoken to.
FOR_THE_PERSON = {
    "reply": gettext_lazy("Your answer"),
    "statement": gettext_lazy("The box you ticked"),
    "attributes": gettext_lazy("Your answers"),
    "age_asserted": gettext_lazy("Age you gave"),
    "confirmation_text": gettext_lazy("Text we sent"),
    "last_heard_from": gettext_lazy("Last heard from you"),
}


def in_words(proof: Mapping[str, object], *, for_the_person: bool = True) -> dict[str, str]:
    """{label: value} of everything that says something; whoever checks it gets it as written."""
    labels = {**LABELS, **FOR_THE_PERSON} if for_the_person else LABELS
    said = SAID if for_the_person else {}
    return {
        _label(name, labels): said.get(name, _value)(value)
        for name, value in proof.items()
        if value not in ("", None, {}, [])
    }


def _label(name: str, labels: Mapping[str, Promise]) -> str:
    return str(labels.get(name) or _("Other: %(name)s") % {"name": name.replace("_", " ")})


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_value(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return str(value)


METHODS = {
    "page": gettext_lazy("on our page"),
    "text": gettext_lazy("by a text from the phone"),
    "code typed on the page": gettext_lazy("by the code of our text, typed on the page"),
    "reply by text": gettext_lazy("by a reply from the phone"),
    "its time ran out": gettext_lazy("its time ran out"),
    "staff": gettext_lazy("told to our staff"),
    "carrier": gettext_lazy("told by the phone company"),
}


def _method(value: object) -> str:
    return str(METHODS.get(str(value), _value(value)))


def _boxes(value: object) -> str:
    """Each box by the name of its purpose, in the order of the purposes."""
    if not isinstance(value, Mapping):
        return _value(value)
    words = {True: _("ticked"), False: _("not ticked")}
    known = Purpose.objects.filter(code__in=value).order_by("pk").values_list("code", "name")
    return "; ".join(f"{name}: {words[bool(value[code])]}" for code, name in known)


def _language(value: object) -> str:
    return str(dict(settings.LANGUAGES).get(str(value), value))


def _answers(value: object) -> str:
    if not isinstance(value, Mapping):
        return _value(value)
    labels = dict(Attribute.objects.values_list("code", "label"))
    return "; ".join(f"{labels.get(code, code)}: {_value(said)}" for code, said in value.items())


def _moment(value: object) -> str:
    """An ISO 8601 moment as everywhere on the page."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return _value(value)
    return date_format(at, "DATETIME_FORMAT")


SAID: dict[str, Callable[[object], str]] = {
    "method": _method,
    "old_number_proven": _method,
    "boxes": _boxes,
    "language": _language,
    "attributes": _answers,
    "received_at": _moment,
    "requested_at": _moment,
    "asked_at": _moment,
    "held_since": _moment,
    "expired_at": _moment,
    "last_heard_from": _moment,
}
