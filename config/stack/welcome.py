from __future__ import annotations

import os


def welcome(address: str, *, demo: bool) -> list[str]:
    """The lines a person reads once everything runs."""
    if not demo:
        return ["", f"Ready: {address} (Ctrl-C stops it)"]
    return [
        "",
        f"Ready: {address} (Ctrl-C stops it; no text leaves this machine)",
        "",
        *_logins(),
        "",
        *_things(address),
    ]


def _logins() -> list[str]:
    password = os.environ["DEMO_PASSWORD"]
    return [
        f"  author    {password}    writes campaigns",
        f"  approver  {password}    approves them",
    ]


def _things(address: str) -> list[str]:
    return [
        "Three things to try:",
        f"  1. Sign up at {address}/signup/news/ with 07700 900555 (a number of fiction),",
        f"     sign in as author, and answer YES on its phone at {address}/admin/handsets/",
        f"  2. Write a campaign at {address}/admin/, then approve and start it as approver",
        "  3. Reply STOP on one phone, send another campaign, and see why that one got nothing",
    ]
