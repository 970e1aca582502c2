"""The carrier's fixtures live in tests/carrier.py: the stories use them too."""

from __future__ import annotations
