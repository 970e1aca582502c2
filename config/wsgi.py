from __future__ import annotations

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

from consent.policy.packs import packs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
# A pack that cannot be read stops the process here, not the first person who signs up.
packs()
# What is loaded by now stays: no collection has to walk through it while somebody says STOP.
gc.collect()
gc.freeze()
# A STOP takes some twenty statements, and each comes back to a process in which others compute.
sys.setswitchinterval(0.0005)
