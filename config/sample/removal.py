"""Removes the sample data, and with it everything: the ledger refuses to lose single lines."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import OperationalError, connection, transaction

from config.sample.loading import OWN_DATA, is_loaded
from subscribers.models import Subscriber

TRIES = 4
REBUILD = """
    SET CONSTRAINTS ALL IMMEDIATE;
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public;
"""


class UnableToRemove(Exception):
    """Only the demo is emptied, and only while everyone in it is sample data."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or self.__doc__)


def empty_the_demo() -> None:
    """New tables in the same database, and no text in the log of the simulated carrier."""
    if not settings.DEMO:
        raise UnableToRemove
    for attempt in range(1, TRIES + 1):
        try:
            _rebuild()
            break
        except OperationalError:
            # The workers go on meanwhile, and may hold what we wait for.
            if attempt == TRIES:
                raise
    _forget_texts()
    # Another database's erasures would freeze the next sample campaigns.
    Path(settings.ERASURE_LIST).unlink(missing_ok=True)


@transaction.atomic
def _rebuild() -> None:
    _refuse_real_people()
    _refuse_what_is_not_ours()
    with connection.cursor() as cursor:
        cursor.execute(REBUILD)
    ContentType.objects.clear_cache()
    call_command("migrate", interactive=False, verbosity=0)


def _refuse_real_people() -> None:
    with connection.cursor() as cursor:
        # Nobody signs up between this look and the end of the table.
        cursor.execute("LOCK TABLE subscribers_subscriber IN ACCESS EXCLUSIVE MODE")
    if Subscriber.objects.filter(is_sample=False).exists():
        raise UnableToRemove


def _refuse_what_is_not_ours() -> None:
    """All of the schema goes: nothing in it may belong to anybody else."""
    tables = connection.introspection
    ours = {*tables.django_table_names(), "django_migrations"}
    foreign = sorted(set(tables.table_names(include_views=True)) - ours)
    if foreign:
        raise UnableToRemove(f"The database has tables that are not ours: {', '.join(foreign)}.")
    if not is_loaded() and any(model.objects.exists() for model in OWN_DATA):
        raise UnableToRemove("The database has data of its own, and no sample data.")


def _forget_texts() -> None:
    """Emptied, not deleted: the carrier may be running and goes on writing to its files."""
    for journal in settings.STACK.carrier_folder.glob("*.jsonl"):
        os.truncate(journal, 0)
