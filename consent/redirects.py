from __future__ import annotations

from django.http import HttpResponseRedirect


class SeeOther(HttpResponseRedirect):
    """303: look there with GET, whatever was asked here, so that reloading repeats nothing."""

    status_code = 303
