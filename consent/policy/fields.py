"""Reading the fields of a policy value, from a file or from what staff typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class FieldError(ValueError):
    """A value that cannot be read: which `field` of it, and what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f'field "{field}": {problem}')


def table(raw: object, *fields: str, optional: Iterable[str] = ()) -> dict[str, Any]:
    """`raw` as a table with these fields and no others."""
    if not isinstance(raw, dict):
        raise FieldError("value", "must be a table")
    for field in sorted(set(raw) - set(fields) - set(optional)):
        raise FieldError(str(field), "is not known")
    for field in sorted(set(fields) - set(raw)):
        raise FieldError(field, "is missing")
    return raw


def whole_number(raw: object, field: str, *, least: int = 1, most: int = 100_000) -> int:
    # TOML's true is Python's 1.
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise FieldError(field, "must be a whole number")
    if not least <= raw <= most:
        raise FieldError(field, f"must be from {least} to {most}")
    return raw


def words_in(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise FieldError("value", "must be a list of words")
    for place, word in enumerate(raw):
        if not isinstance(word, str) or not word or word != word.strip():
            raise FieldError(f"value[{place}]", "must be a word, without spaces around it")
    return tuple(sorted(set(raw)))
