from __future__ import annotations

from consent.admin import forms, holds, notices, purposes

__all__ = ["forms", "holds", "notices", "purposes"]
