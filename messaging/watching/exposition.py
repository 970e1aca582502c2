"""The text format in which Prometheus reads figures.

https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Metric:
    """One family of figures. Names are ours and plain; values of labels may hold anything."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]] = ()


def render(metrics: Iterable[Metric]) -> str:
    """All families, each with its help and type. Raises ValueError for a name that is none."""
    return "".join(map(_family, metrics))


def _family(metric: Metric) -> str:
    lines = [
        f"# HELP {_name(metric.name)} {_escaped(metric.help)}",
        f"# TYPE {metric.name} {metric.kind}",
        *(f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples),
    ]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = [f'{_name(name)}="{_quoted(word)}"' for name, word in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _name(word: str) -> str:
    if not NAME.fullmatch(word):
        raise ValueError(f"{word!r} is no name of a metric or label")
    return word


def _escaped(words: str) -> str:
    return words.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(words: str) -> str:
    return _escaped(words).replace('"', r"\"")


def _number(value: float) -> str:
    """As Go reads it: whole numbers without an exponent, `NaN`, `+Inf`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
