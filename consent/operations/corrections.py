"""What is added to the ledger about its entries and about other records: no standing changes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from consent.ledger import Entry, record
from consent.models import ActorKind, ConsentEvent, EventKind, Purpose
from subscribers.authorization import Staff, authorize
from subscribers.models import Subscriber
from subscribers.operations import lock_person


class UnableToAdd(Exception):
    """The person was erased, or what is needed was not said; the message says which."""


@transaction.atomic
def correct_event(*, actor: Staff, event: ConsentEvent, reason: str, at: datetime) -> ConsentEvent:
    """A new event that names the one it corrects and says why.

    The old one stays and so does the standing: only the person can change that.
    """
    authorize(actor=actor, action="consent.correct_event", at=at)
    _refuse_empty(reason)
    person = _reachable(event.subject)
    entry = Entry(
        kind=EventKind.CORRECTED,
        subscriber=person,
        actor_kind=ActorKind.STAFF,
        purpose=event.purpose,
        corrects=event,
        evidence={"reason": reason.strip(), "staff": actor.pk},
    )
    return record(entry, at=at)


@transaction.atomic
def keep_imported_evidence(
    *,
    actor: Staff,
    subscriber: Subscriber,
    purpose: Purpose | None,
    batch: str,
    original_source: str,
    original_date: str,
    reason: str,
    at: datetime,
) -> ConsentEvent:
    """Keep what another system knew about a yes. It permits nothing: only a confirmation does.

    `original_date` as it stood there: ISO 8601 where possible, else its own words.
    """
    authorize(actor=actor, action="consent.import_evidence", at=at)
    _refuse_empty(batch, original_source, original_date, reason)
    entry = Entry(
        kind=EventKind.IMPORTED_EVIDENCE,
        subscriber=_reachable(subscriber),
        actor_kind=ActorKind.STAFF,
        purpose=purpose,
        evidence={
            "import_batch": batch.strip(),
            "original_source": original_source.strip(),
            "original_date": original_date.strip(),
            "reason": reason.strip(),
            "staff": actor.pk,
        },
    )
    return record(entry, at=at)


def _refuse_empty(*said: str) -> None:
    if not all(each.strip() for each in said):
        raise UnableToAdd(_("Something is not said: source, date and reason are needed."))


def _reachable(subscriber: Subscriber) -> Subscriber:
    person = lock_person(subscriber)
    if person.erased_at is not None:
        raise UnableToAdd(_("This person was erased: nothing can be added about them."))
    return person
