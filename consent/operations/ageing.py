"""A yes ages: people are asked once, in time, whether it still stands; or it fades.

Every confirmed consent carries the moment when it is next looked at, so that a million of them
cost one index and a few rows a minute. The gate does not wait for any of this.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from consent.freshness import asks_again_at, ends_at, fades_at, starts_at
from consent.local_law import law_for
from consent.models import Consent, Standing
from consent.operations.asking_again import (
    Ending,
    ask_again,
    ending,
    may_be_asked,
    was_asked_about,
)
from consent.operations.expiry import record_lapse
from subscribers import operations as people
from subscribers.encryption import UnableToDecrypt
from subscribers.models import Subscriber
from subscribers.operations import lock_subscriber

log = logging.getLogger(__name__)
BATCH = 500
# Fewer than a slow sender carries in a minute: these texts must not delay codes people wait for.
MOST_ASKED = 100
# What can move an end without touching the row: new packs, a region that becomes known.
LOOK_EVERY = timedelta(days=7)
DAY = timedelta(days=1)
ALL = ("subscriber__subject_key", "purpose", "confirming_event__form")
UNREADABLE = (ObjectDoesNotExist, UnableToDecrypt, DatabaseError)


def look_after_consents(*, at: datetime) -> int:
    """Record what has faded and ask about what soon ends; how many people were asked."""
    due = Consent.objects.filter(status=Standing.CONFIRMED, look_again_at__lte=at)
    asked = 0
    for consent_id in due.order_by("look_again_at").values_list("pk", flat=True)[:BATCH]:
        asked += _look_or_log(consent_id, at)
        if asked >= MOST_ASKED:
            break
    return asked


def _look_or_log(consent_id: int, at: datetime) -> bool:
    """One consent that cannot be read must not keep the others from being looked at."""
    try:
        return _look(consent_id, at)
    except UNREADABLE:
        log.exception("consent %s: it could not be looked after", consent_id)
        Consent.objects.filter(pk=consent_id).update(look_again_at=at + DAY)
        return False


@transaction.atomic
def _look(consent_id: int, at: datetime) -> bool:
    """True when the person was asked."""
    lock_subscriber(Subscriber.objects.get(consents=consent_id))
    consent = _with_all(consent_id)
    if consent.status != Standing.CONFIRMED:
        return False
    end = end_of(consent, at)
    if end is not None and end <= at:
        record_lapse(consent, ended_at=end, at=at)
        return False
    is_due = _is_due(consent, end, at)
    was_asked = is_due and _ask(consent.subscriber, at)
    _look_next(consent, end, at, is_due=is_due)
    return was_asked


def _ask(subscriber: Subscriber, at: datetime) -> bool:
    if not may_be_asked(subscriber):
        return False
    endings = due_now(subscriber, at)
    if endings:
        ask_again(subscriber, endings, at=at)
    return bool(endings)


def _with_all(consent_id: int) -> Consent:
    return Consent.objects.select_related(*ALL).get(pk=consent_id)


def end_of(consent: Consent, at: datetime) -> datetime | None:
    """When this yes runs out or fades, as things stand."""
    asked = law_for(consent.subscriber, at=at, purpose=consent.purpose)
    return ends_at(consent.expires_at, fades_at(consent.subscriber.last_acted_at, asked))


def _is_due(consent: Consent, end: datetime | None, at: datetime) -> bool:
    """It ends soon, and nobody asked about it yet."""
    if end is None or at < _asks_at(consent, end) or _ends_with_age(consent, end, at):
        return False
    return not was_asked_about(consent.confirming_event_id)


def _ends_with_age(consent: Consent, end: datetime, at: datetime) -> bool:
    """They are asked when they are of age: until then no yes of theirs lasts any longer."""
    day = consent.subscriber.age_band_ends_date
    return consent.subscriber.is_under_age(at) and day is not None and end >= starts_at(day)


def _asks_at(consent: Consent, end: datetime) -> datetime:
    return asks_again_at(consent.since_at, end, days_before=settings.ASK_AGAIN_DAYS)


def due_now(subscriber: Subscriber, at: datetime) -> list[Ending]:
    """Everything of this person that one text should ask about."""
    found = []
    for consent in _confirmed(subscriber).select_related(*ALL):
        end = end_of(consent, at)
        if end is not None and end > at and _is_due(consent, end, at):
            found.append(ending(consent, end))
    return [each for each in found if each is not None]


def _confirmed(subscriber: Subscriber) -> QuerySet[Consent]:
    return subscriber.consents.filter(status=Standing.CONFIRMED).order_by("pk")


def _look_next(consent: Consent, end: datetime | None, at: datetime, *, is_due: bool) -> None:
    """Daily while a question waits for its turn, else when something may have changed."""
    times = [at + (DAY if is_due else LOOK_EVERY)]
    if end is not None:
        times += [time for time in (_asks_at(consent, end), end) if time > at]
    Consent.objects.filter(pk=consent.pk).update(look_again_at=min(times))


@transaction.atomic
def note_act(*, subscriber: Subscriber, at: datetime) -> None:
    """The person did something that is proven to be theirs. It keeps alive what has not ended:
    what faded before is recorded first, since no later act brings it back."""
    lock_subscriber(subscriber)
    try:
        with transaction.atomic():
            _record_faded(subscriber, at)
    except UNREADABLE:
        log.exception("subscriber %s: an end could not be recorded, so it stays", subscriber.pk)
        return
    people.note_act(subscriber=subscriber, at=at)


def _record_faded(subscriber: Subscriber, at: datetime) -> None:
    for consent_id in list(_confirmed(subscriber).values_list("pk", flat=True)):
        consent = _with_all(consent_id)
        end = end_of(consent, at)
        if consent.status == Standing.CONFIRMED and end is not None and end <= at:
            record_lapse(consent, ended_at=end, at=at)
