"""After a restore: erase again everyone the list outside the database names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from consent import erasure_list
from consent.erasure_list import ListedErasure
from consent.models import ActorKind, ErasureToList, Suppression, SuppressionSource
from consent.operations.erasure import forget
from consent.operations.listing import reflects, remember_size
from consent.operations.withdrawal import suppress_digest
from subscribers.models import Subscriber
from subscribers.operations import lock_digests


class UnableToReplay(Exception):
    """There is no list of erasures where ERASURE_LIST says, or the setting is empty."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass
class Replayed:
    """`unreadable` are line numbers. `is_complete`: marketing may go on."""

    listed: int = 0
    erased: int = 0
    silenced: int = 0
    unreadable: list[int] = field(default_factory=list)
    is_complete: bool = False


def replay_erasures(*, at: datetime, skip_unreadable: bool = False) -> Replayed:
    """Erase again whoever is back, suppress again whoever wanted silence. Safe to repeat.

    Marketing stays frozen until every line was replayed, or the operator
    decided to do without the unreadable ones.
    """
    place = erasure_list.path()
    if place is None or not place.exists():
        raise UnableToReplay
    done, end = Replayed(), 0
    for line in erasure_list.lines():
        end = line.end
        if line.erasure is None:
            done.unreadable.append(line.number)
        else:
            _replay(line.erasure, done, at)
    if skip_unreadable or not done.unreadable:
        done.is_complete = _catch_up(end)
    return done


def _replay(erasure: ListedErasure, done: Replayed, at: datetime) -> None:
    done.listed += 1
    back = Subscriber.objects.reachable().filter(subject_reference=erasure.subject_reference)
    for person in back:
        _erase_again(person, erasure, at)
        done.erased += 1
    if erasure.number_digest is not None:
        done.silenced += _silence(erasure.number_digest, erasure)


@transaction.atomic
def _erase_again(person: Subscriber, erasure: ListedErasure, at: datetime) -> None:
    """Whoever has the number now may have texted STOP after the erasure: that no is not undone."""
    forget(
        subscriber=person,
        actor_kind=ActorKind.SYSTEM,
        remember_no=erasure.number_digest is not None,
        at=at,
        chosen_at=erasure.erased_at,
    )
    # It is on the list: that is how we know.
    ErasureToList.objects.filter(subject_reference=person.subject_reference).delete()


@transaction.atomic
def _silence(digest: bytes, erasure: ListedErasure) -> bool:
    """A no that was lifted by START after the erasure stays lifted, where we still know of it."""
    lock_digests([digest])
    known = Suppression.objects.filter(number_digest=digest, since_at__gte=erasure.erased_at)
    live = Suppression.objects.filter(number_digest=digest, lifted_at=None)
    if known.exists() or live.exists():
        return False
    suppress_digest(
        digest,
        erasure.digest_key_id,
        source=SuppressionSource.ERASURE,
        at=erasure.erased_at,
    )
    return True


def _catch_up(end: int) -> bool:
    """False when lines were added meanwhile that this database does not show either."""
    with erasure_list.held():
        follows = reflects(erasure_list.lines(after=end))
        if follows:
            remember_size(erasure_list.size())
    return follows
