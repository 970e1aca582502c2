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


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `texts` in any `hours` hours, whatever they are about."""

    texts: int
    hours: int

    @property
    def period(self) -> timedelta:
        return timedelta(hours=self.hours)


class Hours(Protocol):
    """The hours in which texts may reach one person, wherever they may be."""

    def opens_at(self, at: datetime) -> datetime | None:
        """`at` when it is inside, else the next moment that is; None when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFacts:
    """All that is known of one text and one person at one moment.

    `sent_at` are the permissions given for texts of the same purpose, oldest
    first, `campaign_texts_at` those for campaigns of any purpose; texts that may
    have left count. `answered_at` is when the last text of this same kind was
    permitted. `fades_at` is when a yes fades because the person did nothing
    since. Without `hours` nobody can say when it is a good time.
    """

    at: datetime
    suppressed: bool = False
    held_until: datetime | None = None
    consented: bool = False
    promised: Frequency | None = None
    chosen: Frequency | None = None
    paused_until: datetime | None = None
    sent_at: tuple[datetime, ...] = ()
    campaign_runs: bool = False
    approval_holds: bool = False
    canary_waits: bool = False
    frozen: bool = False
    number_known: bool = True
    request_open: bool = False
    answered_at: datetime | None = None
    restricted: bool = False
    number_usable: bool = True
    provenance_known: bool = False
    under_age: bool = False
    guardian_agreed: bool = False
    fit_for_minors: bool = False
    fades_at: datetime | None = None
    caps: tuple[Cap, ...] = ()
    campaign_texts_at: tuple[datetime, ...] = ()
    hours: Hours | None = None
    sender_reaches_country: bool = False
    sender_is_registered: bool = False


class Rule(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def sentence(self) -> str | Promise: ...

    def check(self, facts: SendFacts) -> Objection | None: ...
