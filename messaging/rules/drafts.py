"""What is known of a draft, and the shape of a rule about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from django.utils.functional import Promise

# Behind the language of a text that has the longest answers in place of its placeholders.
LONGEST = ", longest"


@dataclass(frozen=True, kw_only=True)
class DraftFacts:
    """`texts` maps language to the text as it will leave.

    One with placeholders stands there twice: with its fallbacks, and, as `LONGEST`, with the
    longest answers. `parts` are those of the longest, `unreadable` is what is wrong with
    placeholders.

    `countries` are those of the audience, ISO 3166-1. `prefixes` and `required_words` are what
    they ask together: a text begins with one of each group, and has each word.
    """

    controller: str
    texts: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    purpose_is_texted: bool = True
    is_service: bool = False
    sender_is_active: bool = True
    parts_per_second: float = 1.0
    audience: int = 0
    countries: frozenset[str] = frozenset()
    # Those of them that the sender may not text, or is not registered in although it must be.
    out_of_reach: frozenset[str] = frozenset()
    prefixes: tuple[tuple[str, ...], ...] = ()
    required_words: tuple[str, ...] = ()
    forbids_links: bool = False
    # Hosts whose links are ours, their subdomains included.
    own_hosts: frozenset[str] = frozenset()
    unreadable: tuple[str, ...] = ()

    @property
    def as_written(self) -> dict[str, str]:
        """The texts with their fallbacks alone: the words of the author and no filling."""
        return {code: text for code, text in self.texts.items() if not code.endswith(LONGEST)}


@dataclass(frozen=True)
class ContentRule:
    """One question about a draft.

    `sentence` states what is permitted, `advice` what to do where it is not so. A rule that
    does not block asks the author for a written reason, which the approver reads. A rule says
    either whether it `holds`, or names its `faults`.
    """

    code: ClassVar[str]
    sentence: ClassVar[str | Promise]
    advice: ClassVar[str | Promise] = ""
    blocks: ClassVar[bool] = True

    def holds(self, draft: DraftFacts) -> bool:
        return not any(self.faults(draft))

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        """What breaks the rule, quoted, each with the language of its text."""
        yield from ()


def quoted(words: str, language: str) -> str:
    return f"“{words}” ({language.removesuffix(LONGEST)})"
