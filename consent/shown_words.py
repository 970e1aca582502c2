"""What stood on a page, as plain text: the evidence of what somebody was shown."""

from __future__ import annotations

from html.parser import HTMLParser

from django.conf import settings
from django.template.loader import render_to_string

NOT_SHOWN = {"script", "style", "template"}
# The field that only programs fill in.
FOR_NOBODY = "nobody"
INLINE = {"a", "span", "strong", "em", "code", "time", "label", "input", "b", "i"}
TICKS = {"checkbox": "[ ] ", "radio": "( ) "}
WITHOUT_END = {"input", "br", "img", "hr", "meta", "link"}


def shown_words(template: str, **context: object) -> str:
    """Every visible word of a part of a page, as it is rendered in the active language.

    Rendered from the same template as the page itself, so that nothing can stand there
    which is not in the evidence.
    """
    facts = {"organization": settings.ORGANIZATION, "help_contact": settings.HELP_CONTACT}
    return visible_text(render_to_string(template, {**facts, **context}))


def visible_text(html: str) -> str:
    """The text of HTML, a line for each block; "[ ]" and "( )" for boxes and choices."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        # Of elements inside one that is not shown.
        self.hidden = 0
        # What a box is for stands on its line, in however many elements.
        self.after_tick = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        unseen = tag in NOT_SHOWN or FOR_NOBODY in (given.get("class") or "").split()
        if tag not in WITHOUT_END and (self.hidden or unseen):
            self.hidden += 1
        if tag not in INLINE and not self.after_tick:
            self.found.append("\n")
        tick = TICKS.get(given.get("type") or "") if tag == "input" else None
        if tick and not self.hidden:
            self.found.append(tick)
            self.after_tick = True

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            self.hidden -= 1
        if tag not in INLINE:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            # A line end in the source is no line end on the page.
            self.found.append(data.replace("\n", " "))
            self.after_tick = self.after_tick and not data.strip()
