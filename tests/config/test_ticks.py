"""What runs every minute has to stay quick, however many people there are."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast

# The whole of the other table, looked through for each row: quick with ten of them, and with a
# million it never ends.
NOT_IN = re.compile(r'NOT \(\(?"[\w".]+ IN \(\(?SELECT')
TASKS = sorted({tick["task"] for tick in settings.CELERY_BEAT_SCHEDULE.values()})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", TASKS)
def test_no_tick_asks_for_what_is_not_in_a_table(name):
    cast.dora(), cast.erin(), cast.frank(), cast.bob()
    tick = next(t for t in settings.CELERY_BEAT_SCHEDULE.values() if t["task"] == name)
    module, _, task = name.rpartition(".")
    with CaptureQueriesContext(connection) as queries:
        getattr(import_module(module), task)(*tick.get("args", ()))
    asked = [query["sql"] for query in queries if NOT_IN.search(query["sql"])]
    assert asked == []
