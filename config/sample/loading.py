"""Loads the sample data, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random

from django.conf import settings
from django.db import connection, transaction

from config.sample.campaigns import Campaigns
from config.sample.library import found
from config.sample.lives import Lives
from config.sample.people import SAME_EVERY_TIME, everyone
from config.sample.sending import settle_system_texts
from config.sample.staff import hire
from config.sample.timeline import Calendar, Timeline
from consent.models import Notice, Purpose
from consent.operations.expiry import close_old_confirmations
from governance.models import StaffUser
from messaging.models import Sender
from subscribers.models import Subscriber, SubscriberList

OWN_DATA = (StaffUser, Subscriber, SubscriberList, Purpose, Notice, Sender)


class UnableToLoad(Exception):
    """The sample data belongs into the demo only: set DEMO=1 and use a database of its own."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class HasOwnData(Exception):
    """The database has data of its own: no sample data was loaded."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def is_loaded() -> bool:
    return Purpose.objects.filter(is_sample=True).exists()


def load(*, now: datetime) -> bool:
    """All of it or nothing; False when it is there already."""
    if not settings.DEMO or Subscriber.objects.filter(is_sample=False).exists():
        raise UnableToLoad
    if is_loaded():
        return False
    if any(model.objects.exists() for model in OWN_DATA):
        raise HasOwnData
    with transaction.atomic(), _without_savepoints():
        _load(now)
    return True


@contextmanager
def _without_savepoints() -> Iterator[None]:
    """Whatever fails ends the loading: ten thousand savepoints would only cost time."""
    connection.features.uses_savepoints = False
    try:
        yield
    finally:
        del connection.features.uses_savepoints


def _load(now: datetime) -> None:
    timeline = Timeline(Calendar(now))
    library = found(hire(), at=timeline.calendar.opening)
    people = everyone(timeline.calendar)
    lives = Lives(library, timeline, Random(SAME_EVERY_TIME))  # noqa: S311 (as in people.py)
    for person in people:
        lives.plan(person)
    Campaigns(library, timeline, people).plan()
    timeline.play()
    settle_system_texts()
    # As every minute on a running site: unanswered requests close, dead links go.
    close_old_confirmations(at=now)
