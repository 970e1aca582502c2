"""Whether the site works, for load balancers and monitors. Nothing here is about a person."""

from __future__ import annotations

import math

from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from redis.exceptions import RedisError

from config.queues import QUEUES
from messaging.watching.heartbeats import ages, beat_age, late


def healthz(request: HttpRequest) -> JsonResponse:
    """503 when the database or the cache does not answer, else 200; `?strict=1` also gives 503
    when a worker is late. Ages are seconds, null where nothing is known."""
    answers = {"database": _database_answers(), "cache": _cache_answers()}
    workers = _worker_ages() if answers["database"] else dict.fromkeys(QUEUES)
    slow = late(workers)
    is_well = all(answers.values()) and not (slow and request.GET.get("strict") == "1")
    said = {**answers, "workers": workers, "beat": beat_age(workers), "late": slow}
    return JsonResponse(said, status=200 if is_well else 503)


def _database_answers() -> bool:
    try:
        connection.ensure_connection()
        return connection.is_usable()
    except Error:
        return False


def _cache_answers() -> bool:
    try:
        cache.get("health")
    except (RedisError, OSError):
        return False
    return True


def _worker_ages() -> dict[str, float | None]:
    """Whole seconds; nothing is known of a database whose tables are not there yet."""
    try:
        known = ages(at=timezone.now())
    except Error:
        return dict.fromkeys(QUEUES)
    return {queue: age if age is None else math.floor(age) for queue, age in known.items()}
