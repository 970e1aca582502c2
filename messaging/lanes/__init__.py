"""A lane is one sender's work: claim, ask the gate, write, record, one turn after another."""

from __future__ import annotations
