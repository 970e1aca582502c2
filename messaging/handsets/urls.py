from __future__ import annotations

from django.urls import path

from messaging.handsets import views

app_name = "handsets"
urlpatterns = [
    path("", views.handsets, name="list"),
    path("open/", views.open_handset, name="open"),
    path("switches/", views.switches, name="switches"),
    path("<slug:handset_id>/", views.thread, name="thread"),
    path("<slug:handset_id>/reply/", views.reply, name="reply"),
]
