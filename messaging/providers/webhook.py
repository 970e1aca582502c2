"""What a provider is shown of a request of its own, whichever server took it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.datastructures import CaseInsensitiveMapping


@dataclass(frozen=True)
class Webhook:
    """`headers` are found in any case, `body` is as it came.

    `url` is the address as we gave it to the provider, query included: that is the one it signs,
    whatever a proxy made of it on the way.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.headers, dict):
            object.__setattr__(self, "headers", CaseInsensitiveMapping(self.headers))
