"""Which texts were taken, by the references of the customer."""

from __future__ import annotations

# A benchmark sends millions: about 50 MB, then the oldest are forgotten.
MOST_TEXTS = 200_000


class Taken:
    """The ids of the texts taken last, by reference."""

    def __init__(self, most: int = MOST_TEXTS) -> None:
        self._ids: dict[str, str] = {}
        self._most = most
        self.has_forgotten = False

    def note(self, reference: str, text_id: str) -> None:
        if not reference:
            return
        self._ids[reference] = text_id
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]
            self.has_forgotten = True

    def id_of(self, reference: str) -> str:
        """ "" where no text is known under it."""
        return self._ids.get(reference, "")
