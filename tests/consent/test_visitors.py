from __future__ import annotations

import pytest
from django.test import RequestFactory

from consent.visitors import client_address

NEAREST = "192.0.2.1"


def address(forwarded: str) -> str:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=NEAREST))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", NEAREST),
        (1, "", NEAREST),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", NEAREST),
        (1, "nonsense", NEAREST),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_it_trusts_no_more_entries_than_there_are_proxies(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    assert address(forwarded) == expected
