"""New keys: re-wrap, re-encrypt and re-digest one person at a time, while everything runs.

The old keys stay configured until nothing is left under them, so whoever reads
a row halfway through opens it all the same.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection, transaction

from consent.operations.withdrawal import move_suppressions
from subscribers import encryption
from subscribers.models import SubjectKey, Subscriber
from subscribers.operations import lock_person

log = logging.getLogger(__name__)
BATCH = 500
# People with anything under another key than the current ones, found by the marks on the rows:
# so a run that was cut off goes on where it ended.
BEHIND = """
    SELECT s.id FROM subscribers_subscriber s
    JOIN subscribers_subjectkey k ON k.subscriber_id = s.id
    WHERE s.id > %(after)s AND (
        s.digest_key_id <> %(digest_key)s
        OR substring(s.number_ciphertext FOR %(length)s) <> %(mark)s
        OR substring(k.wrapped_key FOR %(length)s) <> %(mark)s)
    ORDER BY s.id LIMIT %(batch)s
"""
KEY_OF = "convert_from(substring({0} FROM 2 FOR get_byte({0}, 0)), 'UTF8')"
LEFT = {
    "numbers": (KEY_OF.format("number_ciphertext"), "subscribers_subscriber", "erased_at IS NULL"),
    "data keys": (KEY_OF.format("wrapped_key"), "subscribers_subjectkey", "true"),
    "digests of numbers": ("digest_key_id", "subscribers_subscriber", "erased_at IS NULL"),
    "remembered noes": ("digest_key_id", "consent_suppression", "lifted_at IS NULL"),
}


@dataclass
class Rotated:
    """`locked`: people whose key is not configured; `failed`: whose rows could not be written.

    `left` counts rows per kind and key id.
    """

    people: int = 0
    locked: int = 0
    failed: int = 0
    left: dict[str, Counter[str]] = field(default_factory=dict)


def rotate_keys(*, tell: Callable[[int, int], None] = lambda people, total: None) -> Rotated:
    """Bring everyone under the current keys.

    After each batch `tell` hears how many people were looked at, and of how many.
    """
    done, total = Rotated(), _count_behind()
    for batch in _batches():
        for person_id in batch:
            _rotate(person_id, done)
        looked_at = done.people + done.locked + done.failed
        # Whoever came under an old key meanwhile was not counted.
        tell(looked_at, max(total, looked_at))
    done.left = rows_per_key()
    return done


def _batches() -> Iterator[list[int]]:
    after = 0
    while batch := _behind(after):
        yield batch
        after = batch[-1]


def _behind(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(BEHIND, _wanted(after, BATCH))
        return [person_id for (person_id,) in cursor.fetchall()]


def _count_behind() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({BEHIND}) behind", _wanted(0, None))
        return int(cursor.fetchone()[0])


def _wanted(after: int, batch: int | None) -> dict[str, Any]:
    master_key, digest_key = encryption.current_keys()
    mark = encryption.key_mark(master_key)
    return {
        "after": after,
        "mark": mark,
        "length": len(mark),
        "digest_key": digest_key,
        "batch": batch,
    }


def _rotate(person_id: int, done: Rotated) -> None:
    try:
        _rotate_person(person_id)
    except encryption.UnableToDecrypt:
        done.locked += 1
    except DatabaseError:
        # One person's rows, for somebody to look at: the others go on. A server that is gone
        # fails the next query too, and ends the run; it can be started again.
        log.exception("subscriber %s: the keys could not be changed", person_id)
        done.failed += 1
    else:
        done.people += 1


@transaction.atomic
def _rotate_person(person_id: int) -> None:
    """Number, digest, every no to it and the data key change together, under the person's lock:
    no text is decided upon in between."""
    person = lock_person(Subscriber(pk=person_id))
    key = SubjectKey.objects.filter(subscriber=person).first()
    if person.erased_at is not None or key is None:
        return
    digests = person.number_digests
    person.phone_number = person.phone_number
    SubjectKey.objects.filter(pk=key.pk).update(wrapped_key=SubjectKey.wrap(key.key, person.pk))
    renewed = ["number_ciphertext", "number_digest", "digest_key_id", "number_area"]
    person.save(update_fields=renewed)
    digest = bytes(person.number_digest or b"")
    move_suppressions(digests, to=digest, key_id=person.digest_key_id)


def rows_per_key() -> dict[str, Counter[str]]:
    """{what: {key id: rows}}; a key id of "" is a digest from before keys were noted."""
    return {what: _count(*columns) for what, columns in LEFT.items()}


def _count(key_id: str, table: str, condition: str) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key_id}, count(*) FROM {table} WHERE {condition} GROUP BY 1 ORDER BY 1"
        )
        return Counter(dict(cursor.fetchall()))
