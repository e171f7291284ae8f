"""What was called, in the browser: charts with their tables, the log and one call."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, Scene
from trunkline.server.domain.generation.days import day_of
from trunkline.server.usecases.gateway_ports import Consumption
from trunkline.server.web.stacks import HIGH, SERIES, WIDE, stacks


def test_activity_is_drawn_and_told_for_what_is_chosen(inside: Tab, scene: Scene):
    page = inside.page
    inside.open("/govern/activity")
    rows = scene.tenant.get("//api/trunkline/v1/usage?by=model").json()["data"]
    assert page.locator("svg.stacks rect").count() == len(rows)
    total = sum(Decimal(str(row["usage"])) for row in rows)
    assert f"${total:.2f}" in inside.text(".facts")
    inside.flawless()
    page.get_by_label("Split by").select_option("key")
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    page.get_by_label("Show", exact=True).select_option("requests")
    expect(page.get_by_text("Calls by day and key")).to_be_visible()
    inside.settled()
    assert "by=key" in page.url
    inside.flawless()


def test_the_log_goes_on_page_by_page_and_leads_to_a_call(inside: Tab, scene: Scene):
    page = inside.page
    inside.open("/govern/log?model=openai/gpt-4")
    seen = page.locator("tbody tr").count()
    if page.get_by_role("link", name="Older").count():
        page.get_by_role("link", name="Older").click()
        expect(page.get_by_role("link", name="Newest")).to_be_visible()
        seen += page.locator("tbody tr").count()
    assert seen == 55
    assert page.locator("tbody").get_by_text("anthropic").count() == 0
    inside.flawless()
    inside.open("/govern/log/gen-web-3-0-0")
    text = inside.text("main")
    for told in ("openai/gpt-4", "5,320", "Production", "failed, 503", "served", "chatcmpl-1", "2.1 s"):
        assert told in text
    inside.flawless()


def test_every_split_of_the_api_is_there_and_nothing_else(scene: Scene):
    someone = scene.visitor()
    for by in ("model", "provider", "key", "app", "workspace", "user"):
        assert someone.get(f"/govern/activity?by={by}&days=365").status == 200
    assert b"Ada Lovelace" in someone.get("/govern/activity?by=user").body
    assert b"The shop" in someone.get("/govern/activity?by=app").body
    assert someone.get("/govern/activity?by=colour").status == 400
    assert someone.get("/govern/log?after=nonsense").status == 400
    assert someone.get("/govern/log/gen-of-nobody").status == 404
    assert b"Nothing was called" in someone.get("/govern/activity?model=no/model").body


USED = st.builds(
    lambda day, name, usage, requests: Consumption(
        day=20_000 + day,
        name=f"name-{name}",
        usage=Decimal(usage) / 1000,
        byok_usage=Decimal(0),
        requests=requests,
        prompt_tokens=10 * requests,
        completion_tokens=requests,
        reasoning_tokens=0,
        cached_tokens=0,
    ),
    st.integers(0, 9),
    st.integers(0, 11),
    st.integers(0, 10**9),
    st.integers(0, 1000),
)


@given(st.lists(USED, max_size=60), st.sampled_from(["usage", "requests", "tokens"]))
def test_bars_stand_on_one_another_inside_the_drawing_and_lose_nothing(rows: list[Consumption], measure: str):
    drawn = stacks(rows, day_of(20_000), day_of(20_009), measure, str, str)
    assert sum(one.usage for one in drawn.series) == drawn.total == sum(row.usage for row in rows)
    assert len(drawn.series) <= SERIES + 1
    for bar in drawn.bars:
        assert 0 <= bar.x < bar.x + bar.width <= WIDE
        assert -0.5 <= bar.y <= bar.y + bar.height <= HIGH + 1e-6
    by_day: dict[float, list[tuple[float, float]]] = {}
    for bar in drawn.bars:
        by_day.setdefault(bar.x, []).append((bar.y, bar.height))
    for bars in by_day.values():
        at = HIGH
        for y, height in bars:
            assert y + height == pytest.approx(at)
            at = y
