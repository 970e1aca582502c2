"""The language in which a campaign's words leave room for a person's answers.

    Hello {first_name|friend}, see you at {branch|the library}.

A placeholder is the code of a declared attribute, a bar, and the words for everyone whose answer
is not known or cannot be said: they are never optional. `{{` and `}}` stand for single braces.
That is all: no nesting, no conditions, no formats, so the longest text that can come of it is
known before anything is sent (`messaging.lengths`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from messaging.values import Slot, looks_like_link

MARK = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")
# What an answer may look like to whatever stands beside it.
STAND_INS = ("xx", "xx.", "11", "11.")


@dataclass(frozen=True, slots=True)
class Placeholder:
    code: str
    fallback: str

    def __str__(self) -> str:
        return f"{{{self.code}|{self.fallback}}}"


Piece = str | Placeholder


@dataclass(frozen=True, slots=True)
class Template:
    """Words in one language, and the placeholders between them."""

    language: str
    pieces: tuple[Piece, ...]

    @property
    def placeholders(self) -> list[Placeholder]:
        return [piece for piece in self.pieces if isinstance(piece, Placeholder)]

    def source(self) -> str:
        """As it is written; `parse` reads it back."""
        return "".join(map(_written, self.pieces))


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be read, and where: `line` and `character` count from one."""

    line: int
    character: int
    sentence: str

    def __str__(self) -> str:
        return _("Line %(line)d, character %(character)d: %(sentence)s") % {
            "line": self.line,
            "character": self.character,
            "sentence": self.sentence,
        }


class UnreadableTemplate(ValueError):
    """The placeholders of a text cannot be read: `problems` says which and where."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(" ".join(map(str, problems)))


def parse(source: str, *, language: str) -> Template:
    """Read a text. Raises `UnreadableTemplate` naming every fault.

    Whether the attributes exist is not asked: see `problems`. One that is gone gets its
    fallback.
    """
    found: list[Problem] = []
    pieces: list[Piece] = []
    for start, mark in _marks(source):
        fault = _fault(mark, source[start:])
        if fault:
            found.append(_problem(source, start, fault))
        pieces.append(_piece(mark))
    found = found or _in_links(source, pieces)
    if found:
        raise UnreadableTemplate(found)
    return Template(language, tuple(_joined(pieces)))


def problems(source: str, known: Collection[str]) -> list[Problem]:
    """Every fault of a text, given the codes of the attributes that exist."""
    try:
        parse(source, language="")
    except UnreadableTemplate as error:
        return error.problems
    found = []
    for start, mark in _marks(source):
        piece = _piece(mark)
        if isinstance(piece, Placeholder) and piece.code not in known:
            found.append(_problem(source, start, _unknown(piece.code, known)))
        elif mark == "{{" and _means_placeholder(source[start:], known):
            what = _("Two braces are one brace in the text. For a placeholder write one: {…|…}.")
            found.append(_problem(source, start, what))
    return found


def fill(template: Template, answers: Mapping[str, object], slots: Mapping[str, Slot]) -> str:
    """The text for one person, from the answers as they are stored."""
    return "".join(
        piece if isinstance(piece, str) else _words(piece, answers, slots, template.language)
        for piece in template.pieces
    )


def with_fallbacks(template: Template) -> str:
    """The text for someone of whom nothing is known."""
    return fill(template, {}, {})


def own_words(source: str) -> str:
    """What stands there for everybody, whether or not the rest can be read."""
    kept = (mark for _start, mark in _marks(source))
    return "".join("\0" if len(t) > 1 and t[0] == "{" and t != "{{" else t for t in kept)


def escaped(words: str) -> str:
    """Words that are no template, for use inside one."""
    return words.replace("{", "{{").replace("}", "}}")


def _words(
    placeholder: Placeholder,
    answers: Mapping[str, object],
    slots: Mapping[str, Slot],
    language: str,
) -> str:
    slot, answer = slots.get(placeholder.code), answers.get(placeholder.code)
    if slot is None or answer is None:
        return placeholder.fallback
    return slot.words(answer, language) or placeholder.fallback


def _written(piece: Piece) -> str:
    return escaped(piece) if isinstance(piece, str) else str(piece)


def _marks(source: str) -> Iterator[tuple[int, str]]:
    return ((match.start(), match.group()) for match in MARK.finditer(source))


def _piece(mark: str) -> Piece:
    if mark in ("{{", "}}"):
        return mark[0]
    if mark[0] != "{" or len(mark) == 1:
        return mark
    code, _bar, fallback = mark[1:-1].partition("|")
    return Placeholder(code.strip(), fallback.strip())


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Neighboring words as one piece, so that a text has one form only."""
    words = ""
    for piece in pieces:
        if isinstance(piece, str):
            words += piece
            continue
        if words:
            yield words
        yield piece
        words = ""
    if words:
        yield words


def _fault(mark: str, rest: str) -> str:
    if mark == "}":
        return _("A brace closes that was not opened. Write }} for a brace of your own.")
    if mark == "{":
        if "{" in rest[1:].split("}")[0]:
            return _("A brace opens inside another one. A placeholder cannot hold another.")
        return _("A brace opens and is not closed. Write {{ for a brace of your own.")
    piece = _piece(mark)
    return _fault_of(piece) if isinstance(piece, Placeholder) else ""


def _fault_of(piece: Placeholder) -> str:
    if not piece.fallback:
        return _(
            "“%(code)s” has no words for people whose answer we do not know. Write "
            "{%(code)s|…} with those words after the bar."
        ) % {"code": piece.code}
    if "|" in piece.fallback or not _is_one_line(piece.fallback):
        return _("After the bar come a few words on one line, without another bar.")
    if looks_like_link(piece.fallback):
        return _("The words after the bar look like a link. Write links outside the braces.")
    return ""


def _is_one_line(words: str) -> bool:
    """Nothing that breaks a line, turns it round or hides; joiners are spelling."""
    shown = words.replace("\u200c", "").replace("\u200d", "")
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in shown)


def _unknown(code: str, known: Collection[str]) -> str:
    if not known:
        return _("“%(code)s” is not a declared attribute. None are declared.") % {"code": code}
    names = {"code": code, "known": ", ".join(sorted(known))}
    return _("“%(code)s” is not a declared attribute. There are: %(known)s.") % names


def _means_placeholder(rest: str, known: Collection[str]) -> bool:
    """`{{first_name}}`, as other programs write it."""
    inside = re.match(r"\{\{\s*([^{}|]*?)\s*(\|[^{}]*)?\}\}", rest)
    return inside is not None and inside[1] in known


def _in_links(source: str, pieces: list[Piece]) -> list[Problem]:
    """Placeholders that would become part of an address: an answer must never choose one."""
    starts = {
        start for stand_in in STAND_INS for start in _starts_in_links(source, pieces, stand_in)
    }
    what = _("Phones may read this as part of a link. Put a space beside the placeholder.")
    return [_problem(source, start, what) for start in sorted(starts)]


def _starts_in_links(source: str, pieces: list[Piece], stand_in: str) -> Iterator[int]:
    """Where in the source such placeholders begin, if `stand_in` were the answer."""
    text, places = "", []
    for (start, _mark), piece in zip(_marks(source), pieces, strict=True):
        if isinstance(piece, Placeholder):
            places.append((len(text), start))
        text += piece if isinstance(piece, str) else stand_in
    for run in re.finditer(r"\S+", text):
        if looks_like_link(run.group()):
            yield from (start for at, start in places if run.start() <= at < run.end())


def _problem(source: str, start: int, sentence: str) -> Problem:
    before = source[:start]
    line = before.count("\n") + 1
    return Problem(line, start - (before.rfind("\n") + 1) + 1, sentence)
