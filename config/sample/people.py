"""Who the 300 are, and what becomes of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import chain
from random import Random

from config.sample import words
from config.sample.phones import Phone, australian, phones
from config.sample.timeline import DAY, HOUR, MINUTE, Calendar

SAME_EVERY_TIME = 1887


class Fate(Enum):
    STANDS = "said yes"
    WAS_HELD = "said yes, was on hold once"
    RARELY = "said yes, wants fewer texts"
    PAUSED = "said yes, wants none for a while"
    HELD = "said yes, then something unclear"
    ASKED = "has not answered yet"
    SILENT = "never answered"
    DECLINED = "said no"
    WITHDREW = "took one purpose back"
    STOPPED = "wants no texts at all"
    ERASED = "wants to be forgotten"
    UNDER_AGE = "cannot be asked yet"
    WITH_GUARDIAN = "under age, said yes with a guardian"


HOW_MANY = {
    Fate.STANDS: 216, Fate.WAS_HELD: 3, Fate.RARELY: 8, Fate.PAUSED: 5, Fate.HELD: 5,
    Fate.ASKED: 8, Fate.SILENT: 12, Fate.DECLINED: 5, Fate.WITHDREW: 15, Fate.STOPPED: 10,
    Fate.ERASED: 5, Fate.UNDER_AGE: 5, Fate.WITH_GUARDIAN: 3,
}  # fmt: skip

# What was ticked on which form; a person can come through two of them.
Ways = list[tuple[str, list[str]]]
NEWS: Ways = [(words.NEWS_FORM, ["news"])]
NEWS_AND_REMINDERS: Ways = [(words.NEWS_FORM, ["news", "reminders"])]
# For those abroad whom a campaign would wake.
REMINDERS: Ways = [(words.NEWS_FORM, ["reminders"])]
SHOP: Ways = [(words.SHOP_FORM, ["offers"])]
SHOP_AND_NEWS: Ways = [(words.SHOP_FORM, ["offers", "news"])]
BOTH_FORMS: Ways = [*NEWS, *SHOP]
# Those whose story needs a text of the shop.
NEEDS_OFFERS = (Fate.WAS_HELD, Fate.RARELY, Fate.PAUSED, Fate.STOPPED)


@dataclass
class Visit:
    """One form filled in; `token` is of the page that it led to."""

    form: str
    purposes: list[str]
    at: datetime
    answers_after: timedelta
    types_code: bool
    token: str = ""


@dataclass(frozen=True)
class Person:
    number: int
    phone: Phone
    fate: Fate
    visits: list[Visit] = field(default_factory=list)
    attributes: dict[str, object] = field(default_factory=dict)


def everyone(calendar: Calendar) -> list[Person]:
    """The same people with the same answers at every loading; only the dates move."""
    luck = Random(SAME_EVERY_TIME)  # noqa: S311 (a cast, not a secret)
    fates = list(chain.from_iterable([fate] * count for fate, count in HOW_MANY.items()))
    others = phones()
    luck.shuffle(others)
    return [
        Person(number, phone, fate, _visits(fate, phone, calendar, luck), _answers(luck))
        for number, (phone, fate) in enumerate(zip([*australian(), *others], fates, strict=True))
    ]


def _visits(fate: Fate, phone: Phone, calendar: Calendar, luck: Random) -> list[Visit]:
    ways = _ways(fate, luck) if phone not in australian() else REMINDERS
    at = _first_visit(fate, calendar, luck)
    return [
        Visit(
            form=form,
            purposes=purposes,
            at=at + number * luck.randrange(2, 12) * DAY,
            answers_after=luck.randrange(1, 25) * MINUTE,
            types_code=luck.random() < 0.3,
        )
        for number, (form, purposes) in enumerate(ways)
    ]


def _first_visit(fate: Fate, calendar: Calendar, luck: Random) -> datetime:
    match fate:
        case Fate.ASKED:
            return calendar.now - luck.uniform(1, 40) * HOUR
        case Fate.SILENT:
            return calendar.now - luck.uniform(50, 150) * HOUR
        case Fate.STANDS | Fate.HELD | Fate.DECLINED:
            return _some_day(20, 355, calendar, luck)
    return _some_day(80, 355, calendar, luck)


def _some_day(fewest: int, most: int, calendar: Calendar, luck: Random) -> datetime:
    minutes = luck.randrange(60)
    day = luck.randrange(fewest, most)
    return calendar.days_ago(day, luck.randrange(8, 20)) + minutes * MINUTE


def _ways(fate: Fate, luck: Random) -> Ways:
    if fate in (Fate.UNDER_AGE, Fate.WITH_GUARDIAN):
        return []
    if fate in (Fate.ASKED, Fate.SILENT, Fate.DECLINED):
        return luck.choice([NEWS, NEWS, SHOP])
    if fate in NEEDS_OFFERS:
        return BOTH_FORMS
    [ways] = luck.choices(
        [NEWS, NEWS_AND_REMINDERS, SHOP, SHOP_AND_NEWS, BOTH_FORMS], weights=[44, 18, 14, 12, 12]
    )
    return NEWS if fate is Fate.WITHDREW and "news" not in ways[0][1] else ways


def _answers(luck: Random) -> dict[str, object]:
    """What the forms ask, and what staff write down later."""
    since = f"{luck.randrange(2004, 2026)}-{luck.randrange(1, 13):02}-{luck.randrange(1, 29):02}"
    return {
        "branch": luck.choice(words.BRANCHES),
        "age_group": luck.choice(words.AGE_GROUPS),
        "likes": luck.choice(words.LIKES),
        "member_since": since,
        "last_purchase_eur": luck.randrange(2, 60),
    }
