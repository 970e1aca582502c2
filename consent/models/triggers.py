"""Database triggers that several tables of this app share."""

from __future__ import annotations

import pgtrigger

# Whoever deletes evidence leaves an entry that says whose, and that they were erased.
PERSON_IS_ERASED = """
    SELECT 1 FROM consent_consentevent mine JOIN consent_consentevent erasure
        ON erasure.subject_reference = mine.subject_reference AND erasure.kind = 'erased'
    WHERE mine.id = OLD.event_id
"""


def append_only(name: str, *, deletable_where: str = "") -> list[pgtrigger.Trigger]:
    """Refuse UPDATE, DELETE and TRUNCATE.

    `deletable_where`: a query about the row OLD that lets its DELETE pass when it finds
    something. The test runner empties tables by TRUNCATE, so the test session disables the
    second trigger in its own database; nothing else gets round it here.
    """
    exception = (
        f"IF TG_OP = 'DELETE' AND EXISTS ({deletable_where}) THEN RETURN OLD; END IF;"
        if deletable_where
        else ""
    )
    refusal = f"RAISE EXCEPTION '{name} rows are append-only: % refused', TG_OP;"
    return [
        pgtrigger.Trigger(
            name=f"{name}_is_append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=exception + refusal,
        ),
        never_truncated(name),
    ]


def never_truncated(name: str) -> pgtrigger.Trigger:
    """Refuse TRUNCATE; see `append_only`."""
    return pgtrigger.Trigger(
        name=f"{name}_is_never_truncated",
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        func=f"RAISE EXCEPTION '{name} rows are append-only: % refused', TG_OP;",
    )


def lock_subscriber_first(name: str) -> pgtrigger.Trigger:
    """Take the person's lock before a row about them changes.

    The turn reads these rows under that lock, so not even raw SQL can slip a
    change between its look and its write. A row that moves from one person to
    another takes both locks.
    """
    return pgtrigger.Trigger(
        name=f"{name}_locks_its_subscriber",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            PERFORM 1 FROM subscribers_subscriber
                WHERE id IN (OLD.subscriber_id, NEW.subscriber_id)
                ORDER BY id FOR NO KEY UPDATE;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


def no_minor_agrees_alone() -> pgtrigger.Trigger:
    """Refuse the yes of someone under age unless their guardian agreed to that purpose."""
    return pgtrigger.Trigger(
        name="no_minor_agrees_alone",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("status", "confirming_event_id"),
        condition=pgtrigger.Condition("NEW.status = 'confirmed'"),
        func="""
            IF EXISTS (SELECT 1 FROM subscribers_subscriber s
                       WHERE s.id = NEW.subscriber_id AND s.age_band = 'minor'
                         AND (s.age_band_ends_date IS NULL OR
                              s.age_band_ends_date > (NEW.since_at AT TIME ZONE 'UTC')::date))
               AND NOT EXISTS (SELECT 1 FROM consent_guardianship g
                       JOIN consent_guardianship_purposes p ON p.guardianship_id = g.id
                       WHERE g.subscriber_id = NEW.subscriber_id
                         AND p.purpose_id = NEW.purpose_id
                         AND g.agreed_at IS NOT NULL AND g.ended_at IS NULL) THEN
                RAISE EXCEPTION 'consent %: nobody under age agrees alone', NEW.id;
            END IF;
            RETURN NEW;
        """,
    )


def lock_number_first(name: str) -> pgtrigger.Trigger:
    """As `lock_subscriber_first`, for rows that know only the digest of a number.

    A number nobody has yet is locked by an advisory lock on its digest, which
    whoever creates that subscriber takes as well.
    """
    return pgtrigger.Trigger(
        name=f"{name}_locks_its_number",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("wanted", "bytea")],
        func="""
            FOR wanted IN
                SELECT DISTINCT d FROM unnest(ARRAY[OLD.number_digest, NEW.number_digest]) d
                WHERE d IS NOT NULL ORDER BY d
            LOOP
                PERFORM pg_advisory_xact_lock(hashtextextended(encode(wanted, 'hex'), 0));
            END LOOP;
            PERFORM 1 FROM subscribers_subscriber
                WHERE number_digest IN (OLD.number_digest, NEW.number_digest)
                ORDER BY id FOR NO KEY UPDATE;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


def standing_has_its_event(*confirming: str) -> pgtrigger.Trigger:
    """Refuse a yes whose event is not one: of this person, for this purpose, `confirming`, and
    with the same notice, promise and end."""
    kinds = ", ".join(repr(str(kind)) for kind in confirming)
    return pgtrigger.Trigger(
        name="standing_has_its_event",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        condition=pgtrigger.Condition("NEW.status = 'confirmed'"),
        func=f"""
            IF NOT EXISTS (
                SELECT 1 FROM consent_consentevent e
                JOIN subscribers_subscriber s ON s.subject_reference = e.subject_reference
                WHERE e.id = NEW.confirming_event_id AND e.kind IN ({kinds})
                  AND s.id = NEW.subscriber_id AND e.purpose_id = NEW.purpose_id
                  AND (e.notice_version_id, e.promised_texts, e.promised_days, e.expires_at)
                      IS NOT DISTINCT FROM
                      (NEW.notice_version_id, NEW.promised_texts, NEW.promised_days,
                       NEW.expires_at)) THEN
                RAISE EXCEPTION 'consent % does not follow from its event', NEW.id;
            END IF;
            RETURN NEW;
        """,
    )
