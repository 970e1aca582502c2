"""The settings of the tests: the demo's, with fixed secrets."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile

os.environ.update(
    DEMO="1",
    SECRET_KEY="only-for-tests-" + "0" * 40,
    MASTER_KEYS="k1:" + base64.b64encode(b"m" * 32).decode(),
    DIGEST_KEYS="d1:" + base64.b64encode(b"d" * 32).decode(),
    LEDGER_SIGNING_KEY=base64.b64encode(b"l" * 32).decode(),
    LEDGER_ORIGIN="tests.example/ledger",
    CARRIER_SECRET="only-for-tests",
    DEMO_PASSWORD="only-for-tests",
    # The stories' canaries pass as soon as their receipts are in.
    CANARY_SHORTEST_WATCH_SECONDS="0",
    # One for each session and each of its workers; their worker processes share it.
    ERASURE_LIST="-".join(
        (
            f"{tempfile.gettempdir()}/yeslist-erasures",
            hashlib.sha256(os.environ.get("REDIS_URL", "").encode()).hexdigest()[:8],
            os.environ.get("PYTEST_XDIST_WORKER", "main"),
        )
    ),
    KEY_PREFIX="test-" + os.environ.get("PYTEST_XDIST_WORKER", "main"),
)
# Worker processes of the stories are given the real ones.
os.environ.setdefault("CARRIER_URL", "http://127.0.0.1:1")
os.environ.setdefault("PUBLIC_URL", "http://127.0.0.1:2")

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
