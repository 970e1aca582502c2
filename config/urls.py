from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.health import healthz
from config.metrics import prometheus

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("metrics", prometheus, name="metrics"),
    path("admin/handsets/", include("messaging.handsets.urls")),
    path("admin/", admin.site.urls),
    path("providers/", include("messaging.urls")),
    path("", include("consent.urls")),
]

# The database may go away before any view runs: the same page, the same promise.
handler404 = "config.outage.page_not_found"
handler500 = "config.outage.server_error"
