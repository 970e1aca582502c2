"""Looking at what goes on: figures, heartbeats, metrics. Nothing decides by what stands here."""

from __future__ import annotations
