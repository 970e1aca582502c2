"""Wiring only: settings, addresses, the Celery app and the local stack."""

from __future__ import annotations

from config.celery import app as celery_app

__all__ = ["celery_app"]
