"""The evidence of an event in words: for the person it is about, and for whoever checks it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    """{label: value} of everything that says something."""
    labels = {**LABELS, **FOR_THE_PERSON} if for_the_person else LABELS
    return {
        str(labels.get(name) or _("Other: %(name)s") % {"name": name.replace("_", " ")}): _value(
            value
        )
        for name, value in proof.items()
        if value not in ("", None, {}, [])
    }


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_value(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return str(value)
