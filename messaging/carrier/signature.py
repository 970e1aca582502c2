"""How the simulated carrier signs its webhooks: HMAC-SHA256 over the time and the raw body."""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP_HEADER = "X-Carrier-Timestamp"
SIGNATURE_HEADER = "X-Carrier-Signature"
TOLERANCE_SECONDS = 300


def headers(secret: str, *, body: bytes, now: float) -> dict[str, str]:
    timestamp = str(int(now))
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: _sign(secret, timestamp, body)}


def is_valid(secret: str, *, timestamp: str, signed: str, body: bytes, now: float) -> bool:
    """Whether `signed` fits, and was made within five minutes of `now` (Unix seconds)."""
    if not secret or not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    # As bytes: compare_digest refuses text that is not ASCII.
    return hmac.compare_digest(_sign(secret, timestamp, body).encode(), signed.encode())


def _sign(secret: str, timestamp: str, body: bytes) -> str:
    message = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
