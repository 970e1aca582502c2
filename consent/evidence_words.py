"""What a person reads of the evidence kept about them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LABELS = {
    "method": gettext_lazy("How"),
    "reply": gettext_lazy("Your answer"),
    "statement": gettext_lazy("The box you ticked"),
    "boxes": gettext_lazy("Boxes"),
    "language": gettext_lazy("Language"),
    "attributes": gettext_lazy("Your answers"),
    "age_asserted": gettext_lazy("Age you gave"),
    "page_address": gettext_lazy("Page"),
    "network": gettext_lazy("Shortened network address"),
    "user_agent": gettext_lazy("Browser"),
    "confirmation_text": gettext_lazy("Text we sent"),
    "provider_message_id": gettext_lazy("Number of the text at the phone company"),
    "provider_code": gettext_lazy("What the phone company reported"),
    "provider": gettext_lazy("Phone company"),
    "received_at": gettext_lazy("Received at"),
    "requested_at": gettext_lazy("Requested at"),
    "request": gettext_lazy("Number of the request"),
    "reason": gettext_lazy("Reason"),
    "from_number": gettext_lazy("Old number"),
    "to_number": gettext_lazy("New number"),
    "old_number_proven": gettext_lazy("How the old number was proven"),
    "asked_at": gettext_lazy("Asked at"),
    "guardian": gettext_lazy("Reference of the guardian"),
    "guardian_text": gettext_lazy("Text we sent to the guardian"),
    "under_age_until": gettext_lazy("Under age until"),
    "expired_at": gettext_lazy("Ended at"),
    "last_heard_from": gettext_lazy("Last heard from you"),
    "confirmed_by": gettext_lazy("Number of the yes"),
    "renews": gettext_lazy("Number of the yes"),
}


def in_words(proof: Mapping[str, object]) -> dict[str, str]:
    """{label: value} of everything that says something; what has no label keeps its name."""
    return {
        str(LABELS.get(name, name)): _value(value)
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
