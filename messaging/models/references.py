"""What a message refers to, asked once for a whole statement.

A foreign key would look at each row again and lock what it refers to: half of what it costs to
write an audience. People, purposes, senders and events of the ledger are never deleted, nor is a
campaign with texts, and triggers on those tables see to that. So it is enough that they
were there when the message was born, and that it never refers to anything else.
"""

from __future__ import annotations

import pgtrigger

# What nobody can delete while the rows are being written: a draft might be.
HOLD_CAMPAIGNS = """
    PERFORM 1 FROM messaging_campaign
        WHERE id IN (SELECT campaign_id FROM born) ORDER BY id FOR KEY SHARE;
"""
# A slice of an audience is of one campaign: it is looked up once, not ten thousand times.
OTHER_THAN_ITS_CAMPAIGN = """
    SELECT b.id INTO refused FROM (
        SELECT min(id) AS id, campaign_id, sender_id, purpose_id FROM born
        WHERE campaign_id IS NOT NULL GROUP BY 2, 3, 4
    ) b LEFT JOIN messaging_campaign k ON k.id = b.campaign_id
        AND k.sender_id = b.sender_id AND k.purpose_id = b.purpose_id
    WHERE k.id IS NULL LIMIT 1;
"""
# Behind every other row stands a consent, which is about an existing person and event.
REFERS_TO_NOTHING = """
    SELECT b.id INTO refused FROM born b
    LEFT JOIN subscribers_subscriber s ON s.id = b.subscriber_id
    LEFT JOIN messaging_sender f ON f.id = b.sender_id
    LEFT JOIN consent_purpose p ON p.id = b.purpose_id
    LEFT JOIN consent_consentevent e ON e.id = b.consent_event_id
    WHERE (b.campaign_id IS NULL OR b.state = 'withheld')
      AND (s.id IS NULL OR f.id IS NULL OR p.id IS NULL AND b.purpose_id IS NOT NULL
           OR e.id IS NULL AND b.consent_event_id IS NOT NULL) LIMIT 1;
"""


def refers_to_what_is_there() -> pgtrigger.Trigger:
    """Refuse rows about people, senders, purposes, campaigns or events that do not exist."""
    refuse = """
        IF refused IS NOT NULL THEN
            RAISE EXCEPTION 'message % refers to {what}', refused
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    """
    return pgtrigger.Trigger(
        name="refers_to_what_is_there",
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="born"),
        declare=[("refused", "bigint")],
        func=HOLD_CAMPAIGNS
        + OTHER_THAN_ITS_CAMPAIGN
        + refuse.format(what="a campaign of another sender or purpose, or to none")
        + REFERS_TO_NOTHING
        + refuse.format(what="what is not there")
        + "RETURN NULL;",
    )


def refers_to_the_same_ever_after() -> pgtrigger.Trigger:
    """Refuse to turn a row into one about somebody or something else.

    Only the event may be another one when the text leaves: the yes was given again, and whether
    that stands is asked by `authority_on_leaving`.
    """
    return pgtrigger.Protect(
        name="refers_to_the_same_ever_after",
        operation=pgtrigger.UpdateOf(
            "campaign_id", "subscriber_id", "sender_id", "purpose_id", "consent_event_id"
        ),
        condition=pgtrigger.Condition(
            "((OLD.campaign_id, OLD.subscriber_id, OLD.sender_id, OLD.purpose_id)"
            " IS DISTINCT FROM"
            " (NEW.campaign_id, NEW.subscriber_id, NEW.sender_id, NEW.purpose_id)"
            " OR OLD.consent_event_id IS DISTINCT FROM NEW.consent_event_id"
            " AND NOT (OLD.state = 'queued' AND NEW.state = 'submitting'"
            " AND NEW.campaign_id IS NOT NULL))"
        ),
    )


def campaign_with_texts_is_never_deleted() -> pgtrigger.Trigger:
    """What `HOLD_CAMPAIGNS` waits for, or is waited for by."""
    return pgtrigger.Trigger(
        name="campaign_with_texts_is_never_deleted",
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        func="""
            IF EXISTS (SELECT 1 FROM messaging_message WHERE campaign_id = OLD.id) THEN
                RAISE EXCEPTION 'campaign % has texts', OLD.id
                    USING ERRCODE = 'foreign_key_violation';
            END IF;
            RETURN NULL;
        """,
    )
