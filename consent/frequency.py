"""How often, in words, and the choices below a promise."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.standing import StandingLine

# (texts, days) that people may choose where it is less than they were promised.
OFFERED = [(1, 7), (2, 30), (1, 30), (1, 90)]


def how_often(texts: int, days: int) -> str:
    """Such as "at most 4 texts in 30 days"."""
    allowed = ngettext("at most %(n)d text", "at most %(n)d texts", texts) % {"n": texts}
    period = ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}
    return f"{allowed} {period}"


def frequency_choices(line: StandingLine) -> list[tuple[str, str]]:
    """For a select: as promised first, then what is less, as "texts/days"."""
    promised = line.promised_texts or 0, line.promised_days or 1
    fewer = [each for each in OFFERED if each[0] * promised[1] < promised[0] * each[1]]
    chosen = line.chosen_texts, line.chosen_days
    if chosen[0] and chosen[1] and chosen not in fewer:
        fewer.insert(0, (chosen[0], chosen[1]))
    return [("", _("As promised")), *((f"{t}/{d}", how_often(t, d).capitalize()) for t, d in fewer)]
