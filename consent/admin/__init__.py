from __future__ import annotations

from consent.admin import forms, holds, notices, policy, purposes

__all__ = ["forms", "holds", "notices", "policy", "purposes"]
