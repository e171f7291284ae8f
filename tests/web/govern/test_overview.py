"""The first page of /govern: what was spent, which limits are near, how providers are."""

from __future__ import annotations

from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, Scene


def test_the_overview_sums_spending_up_and_names_what_is_near(inside: Tab, scene: Scene):
    assert inside.open("/govern") == 200
    text = inside.text("main")
    rows = scene.tenant.get("//api/trunkline/v1/usage?by=model").json()["data"]
    total = sum(float(row["usage"]) for row in rows)
    assert f"${total:,.2f}" in text
    assert HOSTILE in text
    assert "Production" in inside.text("section[aria-labelledby=near]")
    assert "Alpha Cloud" in inside.text("section[aria-labelledby=health]")
    inside.flawless()
