"""Where providers call us."""

from __future__ import annotations

from django.urls import path

from messaging import views

app_name = "messaging"
urlpatterns = [
    path("<slug:provider_name>/inbound/", views.inbound, name="inbound"),
    path("<slug:provider_name>/receipts/<str:reference>/", views.receipts, name="receipts"),
]
