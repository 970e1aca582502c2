from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consent.open_forms import published_forms


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this place is, and the forms one can fill in."""
    return render(request, "consent/home.html", {"forms": published_forms()})
