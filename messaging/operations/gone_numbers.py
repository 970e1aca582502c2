"""Numbers of which a carrier says that they are gone or take no texts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from messaging.providers.base import provider
from messaging.providers.errors import UnknownProvider

# Erasure holds the person and then wants the messages, we hold the messages: so nobody waits
# here. A mark that is missed is made by the next text.
NOTE = """
    UPDATE subscribers_subscriber SET number_gone_at = %(at)s WHERE id IN (
        SELECT s.id FROM subscribers_subscriber s
        JOIN messaging_message m ON m.subscriber_id = s.id
        WHERE m.id = ANY(%(ids)s) AND s.number_gone_at IS NULL AND s.erased_at IS NULL
        ORDER BY s.id FOR NO KEY UPDATE OF s SKIP LOCKED)
"""


def note_gone(*, message_ids: Collection[int], at: datetime) -> None:
    """The numbers of these messages get no campaign until a text comes from them."""
    if not message_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(NOTE, {"ids": list(message_ids), "at": at})


def says_gone(*, provider_name: str, code: str) -> bool:
    """Whether this code of this provider says that the number will never take a text."""
    try:
        return code in provider(provider_name).gone_codes
    except UnknownProvider:
        return False
