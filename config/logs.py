from __future__ import annotations

import logging
import re

# Digits of an international number, however they are spaced.
NUMBER = re.compile(r"(?<![\w.:-])(?:\+|00)\d[\d ().-]{6,}\d")
# PostgreSQL repeats whole rows in the details of an error.
DETAIL = re.compile(r"^(DETAIL:).*$", re.M)


class MaskingFormatter(logging.Formatter):
    """Mask, in the line as it is written, tracebacks included, what may be personal.

    Nothing in Yeslist logs a number; this is for what libraries and databases may do.
    """

    def format(self, record: logging.LogRecord) -> str:
        return DETAIL.sub(r"\1 left out", NUMBER.sub("[number]", super().format(record)))
