"""A real browser for the tests: Debian's Chromium, driven by Playwright, judged by axe-core."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

CHROMIUM: Final = shutil.which("chromium")
LOOKS: Final = [(theme, width) for theme in ("light", "dark") for width in (1440, 390)]
"""Every page is looked at in these themes and widths."""
SERIOUS: Final = {"serious", "critical"}
_JUDGED: Final = "axe.run(document, {resultTypes: ['violations'], preload: false})"
_ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window; skip what asks for it where there is none."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not here (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Tab:
    """One tab of a browser of its own: cookies and all. What it complains about is kept in `complaints`."""

    page: Page
    url: str
    axe: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)

    def _heard(self, message: ConsoleMessage) -> None:
        # A request that a newer one has replaced is no mistake, although htmx logs it as one.
        replaced = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if message.type in {"error", "warning"} and not replaced:
            self.complaints.append(message.text)

    def _failed(self, request: Request) -> None:
        # What the browser itself gives up, since the page was left or a script said so, is no fault.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url} {request.failure}")

    def open(self, path: str) -> int:
        """Go to a path of the site and return the status."""
        response = self.page.goto(self.url + path)
        assert response is not None
        return response.status

    def sign_in(self, key: str) -> None:
        """Sign in with a management key."""
        self.open("/signin")
        self.page.get_by_label("Management key").fill(key)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def settled(self) -> None:
        """Return when no script waits for the server any more."""
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)

    def text(self, selector: str) -> str:
        """Return what an element says, blanks made even."""
        return " ".join(self.page.locator(selector).first.inner_text().split())

    def violations(self) -> list[str]:
        """Return what axe-core finds on the page that is serious or worse (WCAG 2.2 A and AA among its rules)."""
        self.page.evaluate(self.axe)
        found: list[dict[str, Any]] = self.page.evaluate(_JUDGED)["violations"]
        return [
            f"{row['id']}: {row['help']}: {[node['html'][:200] for node in row['nodes'][:4]]}"
            for row in found
            if row["impact"] in SERIOUS
        ]

    def fits(self) -> bool:
        """Tell whether nothing sticks out sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def quiet(self) -> None:
        """Hold the page to a silent console, and to its width."""
        assert self.fits(), "something sticks out"
        assert self.complaints == [], self.complaints

    def flawless(self) -> None:
        """Hold the page to what every page has to be."""
        found = self.violations()
        assert found == [], found
        self.quiet()
