"""The Celery app. A task only wakes a worker; PostgreSQL rows are the queue.

Every tick below is idempotent: a lost, doubled or late message changes when
work is done, never what is sent.
"""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("yeslist")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
