from __future__ import annotations

from django.urls import path, register_converter

from consent.views import (
    access,
    confirmation,
    home,
    number_change,
    preferences,
    privacy,
    receipts,
    rights,
    signup,
)


class TokenConverter:
    """The 22 characters of `subscribers.identifiers.link_token`."""

    regex = "[A-Za-z0-9_-]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TokenConverter, "token")

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    path("signup/<slug:slug>/", signup.signup, name="signup"),
    path("asked/", signup.guardian_asked, name="guardian_asked"),
    path("confirm/<token:token>/", confirmation.confirm, name="confirm"),
    path("done/", confirmation.done, name="done"),
    path("preferences/", access.ask_for_code, name="preferences"),
    path("preferences/code/<token:token>/", access.enter_code, name="preferences_code"),
    path("p/<token:token>/", access.open_link, name="preferences_link"),
    path("preferences/choices/", preferences.choices, name="choices"),
    path("preferences/choices/withdraw/", preferences.withdraw, name="withdraw"),
    path("preferences/choices/stop/", preferences.stop, name="stop"),
    path("preferences/choices/pause/", preferences.pause_texts, name="pause"),
    path("preferences/choices/frequency/", preferences.frequency, name="frequency"),
    path("preferences/choices/settings/", preferences.change, name="settings"),
    path("preferences/choices/links/", preferences.revoke, name="revoke_links"),
    path("preferences/choices/leave/", preferences.leave, name="leave"),
    path("preferences/choices/receipts/", receipts.receipts, name="receipts"),
    path("preferences/choices/receipts/<uuid:event_id>/", receipts.receipt, name="receipt"),
    path(
        "preferences/choices/receipts/<uuid:event_id>/receipt.json",
        receipts.receipt_json,
        name="receipt_json",
    ),
    path(
        "preferences/choices/receipts/<uuid:event_id>/code.svg",
        receipts.receipt_code,
        name="receipt_code",
    ),
    path("receipts/check/", receipts.check, name="check_receipt"),
    path("preferences/prove/", rights.prove, name="prove"),
    path("preferences/erase/", rights.erase, name="erase"),
    path("preferences/erased/", rights.erased, name="erased"),
    path("preferences/copy/", rights.copy, name="copy"),
    path("preferences/copy.json", rights.copy_as_json, name="copy_as_json"),
    path("preferences/number/", number_change.new_number, name="new_number"),
    path("preferences/number/code/", number_change.number_code, name="number_code"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("notices/<int:pk>/", privacy.notice, name="notice"),
]
