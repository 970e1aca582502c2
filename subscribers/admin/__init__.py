from __future__ import annotations

from subscribers.admin import attributes, lists, records, segments

__all__ = ["attributes", "lists", "records", "segments"]
