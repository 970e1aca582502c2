"""The Celery app. A task only wakes a worker; PostgreSQL rows are the queue.

Every tick below is idempotent: a lost, doubled or late message changes when
work is done, never what is sent.
"""

from __future__ import annotations

import gc
import os
import sys

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_ready

from config.deafness import listen
from consent.policy.packs import packs
from messaging.lanes.deadman import arm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("yeslist")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def read_policy_packs(**_about: object) -> None:
    """A worker does not start with packs that it cannot read."""
    packs()


def prepare_process(**_about: object) -> None:
    """A process of the pool may be ended at any moment: another one takes its place."""
    arm()
    # The thread in which texts leave waits no longer than this for the one that prepares them, and
    # not for a collection that walks through all of Django.
    sys.setswitchinterval(0.001)
    gc.collect()
    gc.freeze()


worker_init.connect(read_policy_packs, weak=False)
worker_process_init.connect(prepare_process, weak=False)
worker_ready.connect(listen, weak=False)
