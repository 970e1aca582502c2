"""The demo's library, its staff, people and campaigns: one year of an honest list.

Everything is done by the operations that a running site uses, at past times and in their order,
so that the ledger, its evidence and what follows from them are true.
"""

from __future__ import annotations
