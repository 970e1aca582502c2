"""Keeping the list of erasures outside the database up to date."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import transaction

from consent import erasure_list
from consent.erasure_list import Line, ListedErasure
from consent.models import ErasureListPosition, ErasureToList, Suppression, SuppressionSource
from subscribers.models import Subscriber

log = logging.getLogger(__name__)
BATCH = 1000


def list_waiting() -> None:
    """Write down what is committed and not yet listed. Safe to repeat, and to interrupt anywhere.

    A list that cannot be written keeps nobody from being erased: the rows wait.
    """
    if erasure_list.path() is None:
        return
    try:
        with erasure_list.held() as file:
            _bring_up_to_date(file)
    except OSError as error:
        log.error("the list of erasures cannot be written: %s", error.strerror or error)


def _bring_up_to_date(file: int) -> None:
    size, known = erasure_list.size(), erasure_list.known_size()
    if size < known:
        log.warning("the list of erasures was lost or cut short: it is written anew")
        _finish(erasure_list.append(file, _missing()), [], follows=True)
        return
    # What another database lists is never skipped: only replay_erasures gets past it.
    follows = size == known or reflects(erasure_list.lines(after=known))
    waiting = list(ErasureToList.objects.order_by("pk")[:BATCH])
    if waiting:
        size = erasure_list.append(file, map(_listed, waiting))
    _finish(size, waiting, follows=follows)


@transaction.atomic
def _finish(size: int, waiting: list[ErasureToList], *, follows: bool) -> None:
    ErasureToList.objects.filter(pk__in=[each.pk for each in waiting]).delete()
    if follows:
        remember_size(size)


def remember_size(size: int) -> None:
    """This database has everything in the first `size` bytes of the list."""
    ErasureListPosition.objects.update_or_create(pk=1, defaults={"size": size})


def _listed(waiting: ErasureToList) -> ListedErasure:
    digest = waiting.number_digest
    return ListedErasure(
        erased_at=waiting.erased_at,
        subject_reference=waiting.subject_reference,
        number_digest=bytes(digest) if digest is not None else None,
        digest_key_id=waiting.digest_key_id,
    )


def reflects(lines: Iterable[Line]) -> bool:
    """Whether this database shows every erasure of these lines."""
    return all(_is_reflected(line.erasure) for line in lines)


def _is_reflected(erasure: ListedErasure | None) -> bool:
    if erasure is None:
        return False
    if erasure.subject_reference is None:
        return Suppression.objects.filter(number_digest=erasure.number_digest).exists()
    return Subscriber.objects.filter(
        subject_reference=erasure.subject_reference, erased_at__isnull=False
    ).exists()


def _missing() -> Iterable[ListedErasure]:
    """What this database knows and the list does not. Who was whose number is not known any more,
    so people and silent numbers get lines of their own."""
    listed = [line.erasure for line in erasure_list.lines() if line.erasure]
    people = {each.subject_reference for each in listed}
    silent = {each.number_digest for each in listed}
    erased = Subscriber.objects.filter(erased_at__isnull=False).order_by("erased_at")
    for reference, at in erased.values_list("subject_reference", "erased_at").iterator():
        if reference not in people:
            yield ListedErasure(at, reference)
    remembered = Suppression.objects.filter(source=SuppressionSource.ERASURE, lifted_at=None)
    for each in remembered.order_by("since_at").iterator():
        if bytes(each.number_digest) not in silent:
            digest = bytes(each.number_digest)
            yield ListedErasure(each.since_at, None, digest, each.digest_key_id)
