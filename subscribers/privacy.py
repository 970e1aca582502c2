"""What this app holds about a person.

Each app that holds personal data has such a store, listed in the setting
PERSONAL_DATA_STORES; whatever must reach all of a person's data loops over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from subscribers.models import AccessRecord, ListMembership, SubjectKey, Subscriber


@dataclass(frozen=True)
class HistoryLine:
    """One thing that happened, for the person to read; `words` as they stood, such as a text."""

    at: datetime
    what: str
    details: Mapping[str, str] = field(default_factory=dict)
    words: str = ""


class PersonalDataStore(Protocol):
    """`holds` are the models with rows about one subscriber."""

    label: str
    holds: tuple[type[models.Model], ...]

    def describe(self) -> str:
        """One sentence for the record of processing."""
        ...

    def export(self, subscriber: Subscriber) -> dict[str, object]:
        """What the person gets when they ask for a copy; JSON types only."""
        ...

    def history(self, subscriber: Subscriber) -> list[HistoryLine]:
        """What happened to the person or their data, in words, in any order."""
        ...

    def erase(self, subscriber: Subscriber, *, at: datetime) -> None:
        """Delete or scrub it all, inside the caller's transaction."""
        ...


class SubscriberStore:
    label = "person"
    holds = (SubjectKey, ListMembership, AccessRecord)

    def describe(self) -> str:
        return (
            "The number (encrypted), its country and area code, language, time zone, "
            "state or province, declared attributes and lists."
        )

    def export(self, subscriber: Subscriber) -> dict[str, object]:
        return {
            "number": subscriber.phone_number,
            "country": subscriber.country,
            "number_area": subscriber.number_area,
            "language": subscriber.language,
            "time_zone": subscriber.time_zone,
            "region": subscriber.region,
            "age": subscriber.age_band,
            "under_age_until": _iso(subscriber.age_band_ends_date),
            "attributes": subscriber.attributes,
            "lists": sorted(subscriber.lists.values_list("name", flat=True)),
            "known_since": subscriber.created_at.isoformat(),
            "last_heard_from": _moment(subscriber.last_acted_at),
            "restricted_since": _moment(subscriber.restricted_at),
            "number_gone_since": _moment(subscriber.number_gone_at),
            "seen_by_staff": [
                {
                    "at": record.at.isoformat(),
                    "role": record.role,
                    "action": record.action,
                    "reason": record.reason,
                }
                for record in _looks(subscriber)
            ],
        }

    def history(self, subscriber: Subscriber) -> list[HistoryLine]:
        known = HistoryLine(subscriber.created_at, _("Your number came to us"))
        return [known, *(_look(record) for record in _looks(subscriber))]

    def erase(self, subscriber: Subscriber, *, at: datetime) -> None:
        """Scrub the row and destroy the key, so that no copy of a ciphertext opens again."""
        ListMembership.objects.filter(subscriber=subscriber).delete()
        SubjectKey.objects.filter(subscriber=subscriber).delete()
        Subscriber.objects.filter(pk=subscriber.pk).update(
            number_ciphertext=None, number_digest=None, erased_at=at,
            digest_key_id="", country="", number_area="", time_zone="", region="",
            age_band="unknown", age_band_ends_date=None, attributes={}, restricted_at=None,
            number_gone_at=None, last_acted_at=None,
        )  # fmt: skip


def _looks(subscriber: Subscriber) -> QuerySet[AccessRecord]:
    return AccessRecord.objects.filter(subscriber=subscriber).order_by("at")


def _look(record: AccessRecord) -> HistoryLine:
    """The role and the kind of reason; never who it was."""
    what = _("Staff: %(action)s") % {"action": record.get_action_display()}
    details = {_("Role"): record.role, _("Reason"): record.reason}
    return HistoryLine(record.at, what, {name: said for name, said in details.items() if said})


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def copy_of_everything(subscriber: Subscriber) -> dict[str, object]:
    """What every store has about one person; JSON types only."""
    return {store.label: store.export(subscriber) for store in personal_data_stores()}


def whole_history(subscriber: Subscriber) -> list[HistoryLine]:
    """What happened, oldest first."""
    lines = [line for store in personal_data_stores() for line in store.history(subscriber)]
    return sorted(lines, key=lambda line: line.at)


def personal_data_stores() -> list[PersonalDataStore]:
    return [import_string(path)() for path in settings.PERSONAL_DATA_STORES]
