"""What the database itself refuses about messages, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pgtrigger
from django.db import DatabaseError

from consent.active import ACTIVE_CONSENT

# An SQLSTATE of our own, since a program must tell this refusal from every other error.
NO_STANDING_CONSENT = "YL001"
REFUSE_WITHOUT_CONSENT = (
    "RAISE EXCEPTION 'message % has no standing consent', {id}"
    f" USING ERRCODE = '{NO_STANDING_CONSENT}';"
)
# The consent that must stand behind the row `m` of a campaign, confirmed by `event`. That the row
# has its campaign's purpose, and keeps it, is seen to where it refers to the two.
STANDING_CONSENT = f"""
    SELECT 1 FROM consent_consent c
    WHERE c.subscriber_id = {{m}}.subscriber_id AND c.purpose_id = {{m}}.purpose_id
      AND {ACTIVE_CONSENT.format(c="c", at="clock_timestamp()")}
      AND c.confirming_event_id = {{event}}
"""
# A live suppression of the number that row `m` goes to. Written so that there is but one way to
# find out: the planner, where it last heard of few, would go through everyone who ever said stop.
LIVE_SUPPRESSION = """
    SELECT 1 FROM consent_suppression p
    WHERE p.lifted_at IS NULL AND p.number_digest =
        (SELECT s.number_digest FROM subscribers_subscriber s WHERE s.id = {m}.subscriber_id)
    OFFSET 0
"""


def refused_for_consent(error: DatabaseError) -> bool:
    """Whether the database refused a row because its consent does not stand."""
    return getattr(error.__cause__, "sqlstate", None) == NO_STANDING_CONSENT


def state_moves_forward(moves: Mapping[str, Iterable[str]]) -> pgtrigger.Trigger:
    """Refuse every move between states that is not in `moves`.

    The list stands in the WHEN clause, so an allowed move costs no function call.
    """
    allowed = " OR ".join(
        f"(OLD.state = '{old}' AND NEW.state IN ({', '.join(repr(str(n)) for n in new)}))"
        for old, new in sorted(moves.items())
    )
    return pgtrigger.Trigger(
        name="state_moves_forward",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition(f"NEW.state <> OLD.state AND NOT ({allowed})"),
        func="RAISE EXCEPTION 'message % cannot go from % to %', OLD.id, OLD.state, NEW.state;",
    )


def born_waiting_or_withheld() -> pgtrigger.Trigger:
    """Refuse rows that claim to have left: whoever leaves passes the triggers on leaving."""
    return pgtrigger.Trigger(
        name="born_waiting_or_withheld",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.state NOT IN ('queued', 'withheld')"),
        func="RAISE EXCEPTION 'no message is born %', NEW.state;",
    )


def authority_at_birth() -> pgtrigger.Trigger:
    """Refuse campaign rows whose consent does not stand, unless they are born withheld."""
    return pgtrigger.Trigger(
        name="authority_at_birth",
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="born"),
        declare=[("refused", "bigint")],
        func=f"""
            SELECT b.id INTO refused FROM born b
            WHERE b.campaign_id IS NOT NULL AND b.state <> 'withheld'
              AND NOT EXISTS ({STANDING_CONSENT.format(m="b", event="b.consent_event_id")}) LIMIT 1;
            IF refused IS NOT NULL THEN
                {REFUSE_WITHOUT_CONSENT.format(id="refused")}
            END IF;
            RETURN NULL;
        """,
    )


def authority_on_leaving(*answers: str) -> pgtrigger.Trigger:
    """Refuse the move to `submitting` of a campaign row whose consent does not stand now, and of
    any row to a suppressed number: only the `answers` to that person's own text may still go.

    Both are asked in one statement for all rows that move, which costs half of asking for each.
    """
    kinds = ", ".join(repr(str(answer)) for answer in answers)
    standing = STANDING_CONSENT.format(m="b", event="b.consent_event_id")
    # OFFSET 0: looked up for each row, and never answered from a hash of all that anybody said.
    stands = f"(b.campaign_id IS NULL OR EXISTS ({standing} OFFSET 0))"
    silent = f"b.kind NOT IN ({kinds}) AND EXISTS ({LIVE_SUPPRESSION.format(m='b')})"
    return pgtrigger.Trigger(
        name="authority_on_leaving",
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="was", new="became"),
        declare=[("refused", "bigint"), ("silent", "boolean")],
        func=f"""
            SELECT b.id, {stands} INTO refused, silent FROM became b
            WHERE b.state = 'submitting' AND CASE
                WHEN {stands} AND NOT ({silent}) THEN false
                ELSE NOT EXISTS (SELECT 1 FROM was w WHERE w.id = b.id AND w.state = 'submitting')
                END
            LIMIT 1;
            IF silent THEN
                RAISE EXCEPTION 'message % goes to a suppressed number', refused;
            ELSIF refused IS NOT NULL THEN
                {REFUSE_WITHOUT_CONSENT.format(id="refused")}
            END IF;
            RETURN NULL;
        """,
    )
