"""Rules: may this one text go to this one person now?

A rule is one question. It is pure: everything it may know is in `SendFacts`, so it
needs no database, clock or setting. `sentence` states what is permitted; staff
and docs read the same words. `messaging.gate` puts the rules in their tuples.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a rule said no. `retry_at` is set when it is only "not now"."""

    code: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Frequency:
    """At most `texts` in any `days` days."""

    texts: int
    days: int

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFacts:
    """All that is known of one text and one person at one moment.

    `sent_at` are the permissions given for texts of the same purpose, oldest
    first; texts that may have left count. `answered_at` is when the last text
    of this same kind was permitted.
    """

    at: datetime
    suppressed: bool = False
    held: bool = False
    consented: bool = False
    promised: Frequency | None = None
    chosen: Frequency | None = None
    paused_until: datetime | None = None
    sent_at: tuple[datetime, ...] = ()
    campaign_runs: bool = False
    approval_holds: bool = False
    frozen: bool = False
    number_known: bool = True
    request_open: bool = False
    answered_at: datetime | None = None


class Rule(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def sentence(self) -> str | Promise: ...

    def check(self, facts: SendFacts) -> Objection | None: ...
