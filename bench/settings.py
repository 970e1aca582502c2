"""The settings of the benchmarks: those of the tests, with what a benchmark waits for cut short."""

from __future__ import annotations

import os

# No receipt comes in most runs, so a canary passes after this time alone.
os.environ.setdefault("CANARY_WATCH_SECONDS", "1")

from tests.settings import *  # noqa: F403

# Beside the servers, in the folder that is removed at the end.
ERASURE_LIST = os.environ["BENCH_ERASURE_LIST"]
