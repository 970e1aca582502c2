from __future__ import annotations

from typing import Any, Self

from django.db import models

from subscribers import numbers


class SubscriberQuerySet(models.QuerySet[Any]):
    def with_number(self, e164: str) -> Self:
        """The one person with this number, whichever digest key found them."""
        return self.filter(number_digest__in=numbers.digests(e164))

    def reachable(self) -> Self:
        """Not erased: there is a number to send to."""
        return self.filter(erased_at=None)
