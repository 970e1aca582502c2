"""S6: one consent per purpose; it cannot be widened, and use outside it is impossible."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from messaging.models import Message, MessageState
from tests import cast


def test_a_campaign_for_another_purpose_does_not_reach_her(town):
    town.join(cast.ALICE, "news")
    town.join(cast.FRANK, "news", "offers")
    campaign = town.run(cast.draft("Ten percent off.", purpose=cast.offers()))
    town.phone(cast.FRANK).gets("Ten percent off")
    assert not any("Ten percent" in text for text in town.phone(cast.ALICE).texts())
    withheld = Message.objects.get(campaign=campaign, state=MessageState.WITHHELD)
    assert withheld.objections == [{"code": "consent_missing"}]


@pytest.mark.parametrize(
    "widening",
    [
        "UPDATE consent_noticeversion SET elements = '{}'",
        "UPDATE consent_noticepurpose SET promised_texts = 99",
        "UPDATE consent_noticepurpose SET statement = 'Anything at all'",
        "DELETE FROM consent_noticepurpose",
        """INSERT INTO consent_noticepurpose (notice_version_id, purpose_id, statement,
        promised_texts, promised_days) SELECT id, 1, 'More', 9, 1 FROM consent_noticeversion""",
    ],
)
@pytest.mark.django_db
def test_the_words_she_agreed_to_never_change(widening):
    cast.alice()
    with (
        pytest.raises(DatabaseError, match=r"published|Cannot (update|delete)"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(widening)


@pytest.mark.django_db
def test_not_even_raw_sql_makes_her_news_consent_carry_an_offer():
    alice = cast.alice()
    campaign = cast.started(cast.draft(purpose=cast.offers()), cast.NOON)
    with (
        pytest.raises(DatabaseError, match="no standing consent"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            """INSERT INTO messaging_message (kind, campaign_id, subscriber_id, sender_id,
                purpose_id, consent_event_id, state, language, parts, send_after, lapses_at,
                attempts_made, objections, receipt_token, provider_message_id, error_code,
                queued_at)
            SELECT 'marketing', %s, %s, %s, %s, c.confirming_event_id, 'queued', 'en', 1, now(),
                now(), 0, '[]', 'token', '', '', now() FROM consent_consent c""",
            [campaign.pk, alice.pk, campaign.sender_id, campaign.purpose_id],
        )
