"""Raw SQL throughout: the database refuses, whoever asks."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from consent.models import SuppressionSource
from consent.operations.withdrawal import suppress_number
from messaging.models import Message, MessageState
from messaging.models.triggers import LIVE_SUPPRESSION
from tests import cast
from tests.messaging.raw import run

pytestmark = pytest.mark.django_db

LEAVE = """
    UPDATE messaging_message SET state = 'submitting', permitted_at = now() WHERE id = %s
"""
BEAR = """
    INSERT INTO messaging_message (kind, subscriber_id, sender_id, state, language, parts,
        send_after, lapses_at, attempts_made, objections, receipt_token, provider_message_id,
        error_code, queued_at, permitted_at)
    SELECT kind, subscriber_id, sender_id, %s, language, parts, send_after, lapses_at,
        attempts_made, '[{"code": "frozen"}]', 'another', '', '', queued_at, now()
    FROM messaging_message WHERE id = %s
"""


@pytest.mark.parametrize("kind", ["welcome", "advert"])
def test_nothing_leaves_for_a_suppressed_number(kind, request):
    """Her consent row still stands, so nothing but the suppression refuses."""
    message = request.getfixturevalue(kind)
    suppress_number(e164=cast.ALICE, source=SuppressionSource.CARRIER, at=cast.NOON)
    with pytest.raises(DatabaseError, match=f"message {message.pk} goes to a suppressed number"):
        run(LEAVE, message.pk)


@pytest.mark.parametrize("kind", ["welcome", "advert"])
def test_without_the_suppression_both_may_leave(kind, request):
    message = request.getfixturevalue(kind)
    run(LEAVE, message.pk)
    message.refresh_from_db()
    assert message.state == MessageState.SUBMITTING


def test_one_refused_row_holds_up_its_whole_statement(welcome, advert):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE consent_consent SET confirming_event_id = NULL, status = 'withdrawn'"
        )
    with pytest.raises(DatabaseError, match=f"message {advert.pk} has no standing consent"):
        run(f"{LEAVE} OR id = %s", advert.pk, welcome.pk)


def test_what_is_leaving_already_is_not_asked_again(advert):
    run(LEAVE, advert.pk)
    suppress_number(e164=cast.ALICE, source=SuppressionSource.CARRIER, at=cast.NOON)
    run("UPDATE messaging_message SET error_code = 'late' WHERE id = %s", advert.pk)
    advert.refresh_from_db()
    assert (advert.state, advert.error_code) == (MessageState.SUBMITTING, "late")


@pytest.mark.parametrize("state", sorted(set(MessageState) - {"queued", "withheld"}))
def test_no_text_is_born_on_its_way_or_beyond(state, welcome):
    with pytest.raises(DatabaseError, match=f"no message is born {state}"):
        run(BEAR, state, welcome.pk)


@pytest.mark.parametrize("state", ["queued", "withheld"])
def test_waiting_and_withheld_ones_are(state, welcome):
    run(BEAR, state, welcome.pk)
    assert Message.objects.get(receipt_token="another").state == state


def test_whether_someone_said_stop_is_looked_up_by_their_own_number():
    """However few said stop when the planner last counted: it has but one way."""
    asked = LIVE_SUPPRESSION.format(m="m")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT 1 FROM messaging_message m WHERE EXISTS ({asked})")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (number_digest = (" in plan
    assert "hashed" not in plan
