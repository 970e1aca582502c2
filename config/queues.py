"""The queues, each served by its own worker process."""

from __future__ import annotations

CONFIRM = "confirm"  # texts a person is waiting for
INBOUND = "inbound"  # texts and receipts that came in
BULK = "bulk"  # campaigns
LEDGER = "ledger"  # expiry of consent, and the sealing of the ledger
MAINTENANCE = "maintenance"  # purges and repairs

QUEUES = (CONFIRM, INBOUND, BULK, LEDGER, MAINTENANCE)
