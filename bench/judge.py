"""What the carrier's log says: how fast, how often, and to whom.

The judge knows nothing of how a text came to it. Only `look_up` asks the database, whether the
people behind the numbers may be texted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Text(NamedTuple):
    """One accepted text: seconds of CLOCK_MONOTONIC, our reference, the number."""

    at: float
    reference: str
    number: str


class LogReader:
    """Reads on where the last look ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def new(self) -> list[Text]:
        """The texts since the last look, in the order in which they were accepted."""
        with self._path.open("rb") as file:
            file.seek(self._position)
            raw = file.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._position += len(whole)
        return [_text(line) for line in whole.decode().splitlines()]


def _text(line: str) -> Text:
    at, reference, number = line.split(" ")
    return Text(float(at), reference, number)


def per_second(texts: Sequence[Text]) -> float:
    """From the first to the last."""
    if len(texts) < 2:
        return 0.0
    return (len(texts) - 1) / (texts[-1].at - texts[0].at)


def tenth(texts: Sequence[Text], which: int) -> Sequence[Text]:
    """The first tenth is 0, the last 9."""
    size = len(texts) // 10
    return texts[which * size : (which + 1) * size]


JUDGED = """
    WITH said AS (
        SELECT t.reference, t.number_digest, m.id, m.campaign_id, s.id AS person,
            EXISTS (SELECT 1 FROM consent_consent c
                WHERE c.subscriber_id = s.id AND c.purpose_id = m.purpose_id
                  AND c.status = 'confirmed' AND (c.expires_at IS NULL OR c.expires_at > now())
            ) AND NOT EXISTS (SELECT 1 FROM consent_suppression x
                WHERE x.number_digest = t.number_digest AND x.lifted_at IS NULL
            ) AND s.id = m.subscriber_id AS may_be_texted
        FROM bench_text t
        LEFT JOIN messaging_message m ON m.id = split_part(t.reference, '.', 1)::bigint
            AND m.receipt_token = split_part(t.reference, '.', 2)
        LEFT JOIN subscribers_subscriber s ON s.number_digest = t.number_digest
    )
    SELECT count(*) - LEAST(count(DISTINCT reference), count(DISTINCT (campaign_id, person))),
           count(*) FILTER (WHERE may_be_texted IS NOT TRUE)
    FROM said
"""


class Verdict(NamedTuple):
    """`duplicates`: the same text, or a second one of a campaign to one number. `unauthorized`:
    to someone who has not agreed, or said stop, or whom no message of ours is for."""

    duplicates: int
    unauthorized: int


def look_up(texts: Sequence[Text]) -> Verdict:
    """Where nobody's answer changed meanwhile: the standing is that of now."""
    from django.db import connection

    from subscribers.numbers import digest

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_text (reference text, number_digest bytea)")
        with cursor.copy("COPY bench_text FROM STDIN") as copy:
            for text in texts:
                copy.write_row((text.reference, digest(text.number)))
        cursor.execute("ANALYZE bench_text")
        cursor.execute(JUDGED)
        verdict = Verdict(*cursor.fetchone())
        cursor.execute("DROP TABLE bench_text")
    return verdict
