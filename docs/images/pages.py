"""Takes docs/images/web-*.webp: pages on the bundled catalogue, as Debian's Chromium with Inter shows them."""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.live.servers import process
from tests.web.browsing import CHROMIUM

PAGES = {
    "web-models": ("/models?supported_parameters=tools&input_modalities=image&max_price=5", "light"),
    "web-charts": ("/charts?chart=context", "dark"),
}
SIZE = {"width": 1280, "height": 800}


def main() -> None:
    """Serve a new home and write each page as WebP."""
    with (
        tempfile.TemporaryDirectory() as folder,
        process(Path(folder) / "home") as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (path, theme) in PAGES.items():
            context = browser.new_context(viewport=SIZE, color_scheme=theme)
            page = context.new_page()
            page.goto(f"http://{site.host}:{site.port}{path}")
            shot = context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": 80})
            Path(__file__).with_name(f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))
        browser.close()


if __name__ == "__main__":
    main()
