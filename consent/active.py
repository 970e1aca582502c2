"""What makes a consent active, once for SQL and once for querysets.

Confirmed, and `expires_at` empty or later than the moment asked about. The nightly
work only records an expiry; it takes effect by itself.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.db.models.expressions import Combinable

from consent.models import Standing

# {c} is the alias of consent_consent, {at} the moment. Triggers carry these words.
ACTIVE_CONSENT = """{c}.status = 'confirmed'
      AND ({c}.expires_at IS NULL OR {c}.expires_at > {at})"""


def active_consent(*, at: datetime | Combinable, through: str = "") -> Q:
    """The same as a filter of Consent, or, `through` its relation ("consents__"), of others."""
    lasts = Q(**{f"{through}expires_at": None}) | Q(**{f"{through}expires_at__gt": at})
    return Q(**{f"{through}status": Standing.CONFIRMED}) & lasts
