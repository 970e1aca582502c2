"""A real browser: Debian's Chromium, driven by Playwright; only tests marked `browser` use it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests import cast

# Playwright runs an event loop in this thread; the tests' own queries beside it are meant.
ASYNC_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    program = next(found, None)
    if program is None:
        pytest.fail("No Chromium: run `make stories`, which installs it where it may.")
    os.environ[ASYNC_UNSAFE] = "true"
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()
    del os.environ[ASYNC_UNSAFE]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Fresh visitors. An error in the console of any fails the test, refusals of the CSP too."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def made() -> Page:
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.on("console", lambda said: complaints.append(said.text) if _is_bad(said) else None)
        return page

    yield made
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    return new_page()


def _is_bad(said: ConsoleMessage) -> bool:
    # An answer with an error status is said by the page itself, and asserted there.
    return said.type == "error" and "the server responded with a status of" not in said.text


@pytest.fixture
def live_url(transactional_db: None, live_server) -> str:
    """A site with the form at /signup/news/."""
    cast.signup_form()
    cast.sender()
    return live_server.url
