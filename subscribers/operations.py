"""Verbs that write about people and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from subscribers import encryption, numbers
from subscribers.authorization import Staff
from subscribers.models import (
    AccessAction,
    AccessRecord,
    AgeBand,
    Attribute,
    AttributeKind,
    ListMembership,
    SubjectKey,
    Subscriber,
    SubscriberList,
)
from subscribers.regions import Region, country_of_region, regions_of
from subscribers.zones import time_zones

LONGEST_ANSWER = 200
BATCH = 500


class InvalidAttributes(ValueError):
    """Some answers do not fit their attributes: `errors` maps code to sentence."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(", ".join(sorted(errors)))


class UnableToChangeSettings(ValueError):
    """The language, time zone or state is not one that was offered."""


@dataclass
class Refreshed:
    """`people` got the area of their number; of the `locked` ones the key is not configured."""

    people: int = 0
    locked: int = 0


LOCK = "SELECT id FROM subscribers_subscriber WHERE id = %s FOR NO KEY UPDATE"


def lock_number(e164: str) -> None:
    """Hold a number, known or not, until the transaction ends.

    Whoever creates a subscriber and whoever suppresses a number take this same
    lock, so a number nobody has yet cannot slip between the two. Always before
    the lock of a person.
    """
    lock_digests(numbers.digests(e164))


def lock_digests(digests: Iterable[bytes]) -> None:
    """Under every digest key, in one order: processes may disagree which key is current."""
    with connection.cursor() as cursor:
        for digest in sorted(digests):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(encode(%s, 'hex'), 0))", [digest]
            )


def lock_subscriber(subscriber: Subscriber) -> None:
    """Take the person's lock. FOR NO KEY UPDATE: an audience being written does not block it."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [subscriber.pk])


def lock_owner(e164: str) -> Subscriber | None:
    """Take the lock of whoever has this number, and read them with their key. The caller holds the
    number."""
    people = Subscriber.objects.with_number(e164).select_related("subject_key")
    return people.select_for_update(no_key=True, of=("self",)).first()


def lock_person(subscriber: Subscriber) -> Subscriber:
    """Take the lock of a person's number, then the person's, and read them anew under both."""
    known = Subscriber.objects.get(pk=subscriber.pk)
    while True:
        lock_digests(known.number_digests)
        lock_subscriber(known)
        found = Subscriber.objects.get(pk=subscriber.pk)
        if found.number_digests == known.number_digests:
            return found
        # The number was changed while we waited for it.
        known = found


@transaction.atomic
def remember_subscriber(*, e164: str, language: str, at: datetime) -> Subscriber:
    """The person with this number, made when they are new."""
    lock_number(e164)
    known: Subscriber | None = Subscriber.objects.with_number(e164).first()
    if known is not None:
        return known
    subscriber = Subscriber(language=language, created_at=at, is_sample=settings.DEMO)
    subscriber.phone_number = e164
    subscriber.save(force_insert=True)
    wrapped = SubjectKey.wrap(encryption.new_data_key(), subscriber.pk)
    SubjectKey.objects.create(subscriber=subscriber, wrapped_key=wrapped)
    return subscriber


def refresh_number_areas(*, tell: Callable[[int], None] = lambda people: None) -> Refreshed:
    """Note the area of every number that has none noted; `tell` hears how many after each batch.

    For people who were here before there was that column. A run that was cut off goes on where
    it ended. Numbers that belong to no area are read again by each run; there are few.
    """
    done, after = Refreshed(), 0
    while people := _refresh_batch(after, done):
        after = people[-1].pk
        tell(done.people)
    return done


@transaction.atomic
def _refresh_batch(after: int, done: Refreshed) -> list[Subscriber]:
    """Under the locks of these people: nobody's number changes in between."""
    without = Subscriber.objects.reachable().filter(number_area="", pk__gt=after).order_by("pk")
    people = list(without.select_for_update(no_key=True)[:BATCH])
    for person in people:
        try:
            person.number_area = numbers.number_area(person.phone_number)
        except encryption.UnableToDecrypt:
            done.locked += 1
    known = [person for person in people if person.number_area]
    Subscriber.objects.bulk_update(known, ["number_area"])
    done.people += len(known)
    return people


def add_to_list(*, subscriber: Subscriber, subscriber_list: SubscriberList, at: datetime) -> None:
    ListMembership.objects.get_or_create(
        subscriber=subscriber, subscriber_list=subscriber_list, defaults={"added_at": at}
    )


@transaction.atomic
def set_attributes(*, subscriber: Subscriber, values: Mapping[str, object]) -> None:
    """Keep the answers beside the others; empty ones are forgotten. Raises `InvalidAttributes`."""
    clean = clean_attributes(values)
    # The caller may have read the person before somebody else kept an answer.
    lock_subscriber(subscriber)
    known = Subscriber.objects.only("attributes").get(pk=subscriber.pk).attributes
    kept = {**known, **clean}
    subscriber.attributes = {code: value for code, value in kept.items() if value not in ("", None)}
    subscriber.save(update_fields=["attributes"])


def clean_attributes(values: Mapping[str, object]) -> dict[str, object]:
    """The answers as they are stored, or `InvalidAttributes` naming each bad one."""
    declared = {attribute.code: attribute for attribute in Attribute.objects.all()}
    clean: dict[str, object] = {}
    errors: dict[str, str] = {}
    for code, value in values.items():
        try:
            clean[code] = clean_answer(declared[code], value)
        except KeyError:
            errors[code] = _("This is not a declared attribute.")
        except ValueError as error:
            errors[code] = str(error)
    if errors:
        raise InvalidAttributes(errors)
    return clean


def clean_answer(attribute: Attribute, value: object) -> object:
    """One answer as it is stored; `ValueError` says what is wrong with it."""
    if value in ("", None):
        return None
    match attribute.kind:
        case AttributeKind.NUMBER:
            return _clean_number(value)
        case AttributeKind.DATE:
            return _clean_date(value)
        case AttributeKind.YES_NO:
            return _clean_choice(value, [True, False])
        case AttributeKind.CHOICE:
            return _clean_choice(value, attribute.choices)
        case _:
            return _clean_text(value)


def _clean_number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ValueError(_("Give a whole number.")) from None


def _clean_date(value: object) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError(_("Give a date as year-month-day.")) from None


def _clean_choice(value: object, choices: list[object]) -> object:
    if value not in choices:
        raise ValueError(_("Choose one of the answers offered."))
    return value


def _clean_text(value: object) -> str:
    text = " ".join(str(value).replace("\x00", "").split())
    if len(text) > LONGEST_ANSWER:
        raise ValueError(_("Use at most %(n)d characters.") % {"n": LONGEST_ANSWER})
    return text


def change_settings(
    *, subscriber: Subscriber, language: str, time_zone: str, region: str | None = None
) -> None:
    """The person's language, time zone and state, "" for unknown; `region` None: as it was.

    The state (ISO 3166-2) is one of those `regions_offered` to them.
    """
    if language not in dict(settings.LANGUAGES):
        raise UnableToChangeSettings(_("Choose one of the languages offered."))
    if time_zone and time_zone not in time_zones():
        raise UnableToChangeSettings(_("Choose one of the time zones offered."))
    offered = {each.code for each in regions_offered(subscriber)}
    if region and region not in offered | {subscriber.region}:
        raise UnableToChangeSettings(_("Choose one of the states or provinces offered."))
    changed = {"language": language, "time_zone": time_zone}
    if region is not None:
        changed["region"] = region
    Subscriber.objects.filter(pk=subscriber.pk).update(**changed)


def regions_offered(subscriber: Subscriber) -> tuple[Region, ...]:
    """The states of the number's country, and of the one the person named a state of; none where
    no rule and no clock hangs on them."""
    stated = country_of_region(subscriber.region)
    countries = dict.fromkeys(filter(None, (subscriber.country, stated)))
    return tuple(each for country in countries for each in regions_of(country))


def note_act(*, subscriber: Subscriber, at: datetime) -> None:
    """The person did something that is proven to be theirs: replied, or opened their own page."""
    earlier = Q(last_acted_at=None) | Q(last_acted_at__lt=at)
    Subscriber.objects.filter(earlier, pk=subscriber.pk).update(last_acted_at=at)


def note_under_age(*, subscriber: Subscriber, until: date) -> None:
    """Under age until that day, or until a later one that was known before."""
    later = max(filter(None, (until, subscriber.age_band_ends_date)))
    subscriber.age_band, subscriber.age_band_ends_date = AgeBand.MINOR, later
    subscriber.save(update_fields=["age_band", "age_band_ends_date"])


def note_of_age(*, subscriber: Subscriber) -> None:
    """They decide for themselves from now on; nothing of their age is kept."""
    subscriber.age_band, subscriber.age_band_ends_date = AgeBand.ADULT, None
    subscriber.save(update_fields=["age_band", "age_band_ends_date"])


def record_access(
    *,
    actor: Staff,
    action: AccessAction,
    subscriber: Subscriber | None,
    reason: str,
    at: datetime,
) -> None:
    """Write down that a member of staff looked; the person is shown the role, not the name."""
    AccessRecord.objects.create(
        actor_id=actor.pk,
        role=", ".join(sorted(group.name for group in actor.groups.all()))[:80],
        action=action,
        subscriber=subscriber,
        reason=reason,
        at=at,
    )
