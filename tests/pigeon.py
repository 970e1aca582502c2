"""The provider of a company that does not exist, where the settings of production want one."""

from __future__ import annotations

from messaging.providers.base import OutgoingText, Provider
from messaging.providers.errors import NotWritten


class Pigeon(Provider):
    """Takes no text."""

    async def submit(self, text: OutgoingText, *, not_after: float) -> str:
        raise NotWritten("no_such_company")
