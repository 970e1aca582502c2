from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COOKIES = """
import json
from django.conf import settings as s
print(json.dumps({
    cookie: {part: getattr(s, f"{cookie}_COOKIE_{part}")
             for part in ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN")}
    for cookie in ("SESSION", "CSRF")
}))
"""


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/preferences/", "/admin/login/", "/nothing-here/"])
def test_pages_run_only_what_we_serve_and_stand_in_nobody_elses(client, path):
    said = client.get(path)["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in said.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert "unsafe" not in said


@pytest.mark.django_db
def test_no_page_is_kept_or_told_of_elsewhere(client):
    answer = client.get("/preferences/")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"


def test_in_production_no_other_host_can_set_our_cookies():
    """The prefix makes browsers insist on it: secure, for this host alone (RFC 6265bis, 4.1.3)."""
    command = [ROOT / "bin" / "as-production", sys.executable, "-W", "ignore", "-c", COOKIES]
    environment = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "config.settings"}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    for cookie, settings in json.loads(said.stdout).items():
        assert settings["NAME"].startswith("__Host-"), cookie
        assert settings["SECURE"] is True
        assert settings["HTTPONLY"] is True
        assert settings["SAMESITE"] == "Lax"
        assert (settings["PATH"], settings["DOMAIN"]) == ("/", None)
