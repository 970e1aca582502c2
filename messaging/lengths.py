"""How many parts a campaign's texts take, known before anything is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial, reduce

from django.db.models import Count
from django.db.models.fields.json import KeyTransform

from messaging.audience import reachable
from messaging.composition import templates
from messaging.models import Campaign
from messaging.parts import ROOM, Encoding, encoding, parts, parts_in, position, units_of
from messaging.placeholders import Placeholder, Template, fill
from messaging.values import Slot, declared

# For each piece of a text, everything that may stand there, as far as length is concerned.
Options = tuple[tuple[str, ...], ...]
Pick = Callable[[Iterable[int]], int]


@dataclass(frozen=True, slots=True)
class Range:
    """Between these lies the number of parts, whoever gets the text.

    `longest` is one of the longest texts that can come of it. `most` is never too low, and too
    high only where one answer stands twice in a text and no single answer is longest in both.
    """

    fewest: int
    most: int
    longest: str


def range_of(template: Template, slots: Mapping[str, Slot]) -> Range:
    """The parts of a composed text over all possible answers."""
    return _range(template, tuple(slots.get(each.code) for each in template.placeholders))


def ranges(campaign: Campaign) -> dict[str, Range]:
    """The same for each of a campaign's languages; "" stands for any other.

    Raises `UnreadableTemplate`.
    """
    read = templates(campaign)
    slots = slots_of(read.values())
    return {language: range_of(template, slots) for language, template in read.items()}


def slots_of(read: Collection[Template]) -> dict[str, Slot]:
    """The attributes there are, if any of these texts asks for one."""
    return declared() if any(template.placeholders for template in read) else {}


def parts_over_audience(campaign: Campaign, *, at: datetime) -> Counter[int]:
    """How many of the people who would get it now get a text of how many parts.

    Exact: every different set of answers is filled in and counted. Raises `UnreadableTemplate`
    and `InvalidRule`.
    """
    read = templates(campaign)
    slots = slots_of(read.values())
    codes = sorted({each.code for template in read.values() for each in template.placeholders})
    columns = {f"answer_{n}": KeyTransform(code, "attributes") for n, code in enumerate(codes)}
    people = (
        reachable(campaign, at).order_by().annotate(**columns).values_list("language", *columns)
    )
    found: Counter[int] = Counter()
    for language, *answers, number in people.annotate(number=Count("pk")).iterator():
        template = read.get(language, read[""])
        text = fill(template, dict(zip(codes, answers, strict=True)), slots)
        found[parts(text)] += number
    return found


@lru_cache(maxsize=512)
def _range(template: Template, slots: tuple[Slot | None, ...]) -> Range:
    options = _options(template, slots)
    ways = list(_ways(options))
    most, chosen, way = max(
        ((_parts(way, alphabet, max), alphabet, way) for alphabet, way in ways),
        key=lambda each: each[0],
    )
    fewest = min(_parts(way, alphabet, min) for alphabet, way in ways)
    return Range(fewest, most, _longest(way, chosen, most))


def _options(template: Template, slots: tuple[Slot | None, ...]) -> Options:
    asked = iter(slots)
    return tuple(
        _words_for(piece, next(asked), template.language)
        if isinstance(piece, Placeholder)
        else (piece,)
        for piece in template.pieces
    )


def _words_for(placeholder: Placeholder, slot: Slot | None, language: str) -> tuple[str, ...]:
    examples = slot.examples(language) if slot else ()
    return (placeholder.fallback, *examples)


def _ways(options: Options) -> Iterator[tuple[Encoding, Options]]:
    """Each alphabet the text may end up in, with what may then stand where.

    In UCS-2 at least one piece needs it; that one is tried in each place.
    """
    short = tuple(tuple(filter(_is_short, words)) for words in options)
    if all(short):
        yield Encoding.GSM7, short
    for index, words in enumerate(options):
        long = tuple(each for each in words if not _is_short(each))
        if long:
            yield Encoding.UCS2, (*options[:index], long, *options[index + 1 :])


def _is_short(words: str) -> bool:
    return encoding(words) is Encoding.GSM7


def _parts(options: Options, chosen: Encoding, pick: Pick) -> int:
    alone, joined = ROOM[chosen]
    if sum(pick(_units(words, chosen) for words in each) for each in options) <= alone:
        return 1
    end = reduce(
        lambda start, each: pick(position(words, chosen, start) for words in each), options, 0
    )
    return -(-end // joined)


def _units(words: str, chosen: Encoding) -> int:
    return sum(units_of(character, chosen) for character in words)


def _longest(options: Options, chosen: Encoding, most: int) -> str:
    """One of the longest texts; the easier one to read where it is as long."""
    readable = "".join(max(words, key=lambda each: _units(each, chosen)) for words in options)
    if parts_in(readable, chosen) == most:
        return readable
    text, start = "", 0
    for words in options:
        longest = max(words, key=partial(position, chosen=chosen, start=start))
        text, start = text + longest, position(longest, chosen, start)
    return text
