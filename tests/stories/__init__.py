"""One story per promise: real web server, real worker processes, real carrier, real phones."""

from __future__ import annotations
