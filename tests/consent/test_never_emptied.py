from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from tests import cast
from tests.triggers import refuse_truncate


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["consent_suppression", "subscribers_accessrecord"])
def test_what_people_were_promised_is_not_emptied_in_one_stroke(table):
    cast.frank()
    with connection.cursor() as cursor:
        refuse_truncate(cursor)
        with pytest.raises(DatabaseError, match="TRUNCATE refused"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table}")
