from __future__ import annotations

from messaging.admin import campaigns, freezes, messages, senders, subscribers

__all__ = ["campaigns", "freezes", "messages", "senders", "subscribers"]
