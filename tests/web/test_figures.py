"""Comparing, charts, costs and rankings in a browser, held to what the API says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from tests.factories import ACCOUNT_X, NOON, fixture_delivery, seed
from tests.live.servers import in_process
from tests.live.tenants import Tenant, create_account
from tests.live.wire import Site
from tests.server.http.recorded import DAY, generation, write
from tests.web.browsing import Tab
from tests.web.conftest import MODEL
from tests.web.forms import Visitor
from trunkline.server.domain.generation.usage import Usage
from trunkline.server.settings import Settings
from trunkline.server.usecases.points import PAIRS, Point, frontier


def others(web: Site, count: int) -> list[str]:
    return [id_ for id_ in web.get("/models?sort=intelligence-high-to-low&limit=9").ids if id_ != MODEL][:count]


def test_models_stand_side_by_side(tab: Tab, web: Site):
    ids = [MODEL, *others(web, 2)]
    tab.open("/compare?" + "&".join(f"models={id_}" for id_ in ids))
    tab.flawless()
    heads = tab.page.locator("table.versus thead th .mono").all_inner_texts()
    assert heads == ids
    models = [web.get(f"/model/{id_}").json()["data"] for id_ in ids]
    prompts = tab.page.locator("tbody tr", has_text="Prompt, per million").locator("td")
    cheapest = min(range(3), key=lambda place: Decimal(models[place]["pricing"]["prompt"]))
    assert "best" in (prompts.nth(cheapest).get_attribute("class") or "")
    tab.page.get_by_role("link", name=f"Take away {models[0]['name']}").click()
    tab.page.wait_for_url("**/compare?*")
    assert tab.page.locator("table.versus thead th .mono").all_inner_texts() == ids[1:]
    tab.page.get_by_label("Add a model by its id").fill(MODEL.upper())
    tab.page.get_by_role("button", name="Add").click()
    tab.page.wait_for_url("**SONNET*")
    assert tab.page.locator("table.versus thead th .mono").all_inner_texts() == [*ids[1:], MODEL]


def test_at_most_six_are_compared_and_unknown_ones_are_named(web: Site):
    visitor = Visitor(web)
    assert visitor.get("/compare?models=" + ",".join("abcdefg")).status == 400
    page = visitor.get(f"/compare?models={MODEL}&models=no/such&models={MODEL}").body.decode()
    assert "There is no model no/such" in page
    assert page.count('<span class="mono dim break">') == 1


def test_nothing_to_compare_says_how(tab: Tab):
    tab.open("/compare")
    tab.flawless()
    assert "Nothing to compare yet" in tab.text("main")


def test_the_chart_has_a_dot_for_every_model_with_both_figures(tab: Tab, web: Site):
    tab.open("/charts?chart=context")
    tab.flawless()
    known = [
        row
        for row in web.get("/models").json()["data"]
        if row["context_length"] and "-1" not in (row["pricing"]["prompt"], row["pricing"]["completion"])
    ]
    assert tab.page.locator("svg.chart circle").count() == len(known) > 20
    tab.page.get_by_text("As a table").click()
    assert tab.page.locator(".as-table tbody tr").count() == len(known)
    tab.quiet()


def test_charts_are_filtered_by_the_same_form(wide: Tab, web: Site):
    wide.open("/charts?chart=context")
    wide.page.get_by_label("Search models").fill("claude")
    wide.page.wait_for_url("**q=claude")
    wide.settled()
    names = wide.page.locator(".as-table tbody th a").all_text_contents()
    assert names
    assert all("claude" in name.lower() for name in names)
    assert wide.page.locator("svg.chart circle").count() == len(
        [row for row in web.get("/models?q=claude").json()["data"] if row["context_length"]]
    )
    wide.page.locator(".switch label", has_text="Intelligence for the price").click()
    wide.page.wait_for_url("**/charts?q=claude")  # the usual chart is not spelled out
    wide.settled()
    scored = [
        row
        for row in web.get("/models?q=claude").json()["data"]
        if (row.get("benchmarks") or {}).get("artificial_analysis", {}).get("intelligence_index") is not None
    ]
    assert wide.page.locator("svg.chart circle").count() == len(scored)
    wide.page.go_back()
    wide.page.wait_for_url("**chart=context*")
    wide.page.locator("svg.chart a").first.click(force=True)
    wide.page.wait_for_url("**/models/**")
    wide.quiet()


def test_measured_speed_is_drawn_for_those_with_a_key(wide: Tab, tenant: Tenant):
    wide.open("/charts?chart=speed")
    assert "for those with a key" in wide.text("main")
    wide.flawless()
    wide.sign_in(tenant.management_key)
    wide.open("/charts?chart=speed&q=claude-sonnet-4.5")
    assert wide.page.locator("svg.chart circle").count() >= 1
    wide.flawless()
    wide.open("/charts?chart=speed&q=gpt-4")
    assert "No model has both figures" in wide.text("main")
    assert Visitor(tenant.site).get("/charts?chart=price").status == 400


def test_nobody_beats_a_model_on_the_line():
    shapes = [(1, 5), (2, 9), (3, 7), (4, 9), (5, 12), (0, 1), (2, 2)]
    found = [Point(f"a/{place}", "", "a", Decimal(x), float(y)) for place, (x, y) in enumerate(shapes)]
    assert [(int(point.x), point.y) for point in frontier(found, "intelligence")] == [(0, 1), (1, 5), (2, 9), (5, 12)]
    # Context against price: more to the right and less upwards is better.
    cheapest = [(int(point.x), point.y) for point in frontier(found, "context")]
    assert cheapest == [(0, 1), (2, 2), (3, 7), (4, 9), (5, 12)]
    assert set(PAIRS) == {"intelligence", "speed", "context"}


def test_a_month_is_reckoned_for_every_model_of_the_list(tab: Tab, web: Site):
    tab.open(f"/costs?q={MODEL}&tokens_in=3000000&tokens_out=500000&cached=40")
    tab.flawless()
    pricing = web.get(f"/model/{MODEL}").json()["data"]["pricing"]
    cached = Decimal(pricing.get("input_cache_read", pricing["prompt"]))
    total = (
        1_800_000 * Decimal(pricing["prompt"]) + 1_200_000 * cached + 500_000 * Decimal(pricing["completion"])
    ).normalize()
    row = tab.page.locator("tbody tr", has=tab.page.get_by_text(MODEL, exact=True))
    assert Decimal(row.locator("td").first.inner_text().lstrip("$")) == total


def test_costs_follow_what_is_typed_and_begin_with_the_cheapest(wide: Tab):
    wide.open("/costs?min_price=0.1&min_output_price=0.1")
    amounts = [Decimal(text.lstrip("$").replace(",", "")) for text in wide.page.locator("td.strong").all_inner_texts()]
    assert amounts == sorted(amounts)
    assert len(amounts) == 50
    wide.page.get_by_label("Tokens in").fill("6000000")
    wide.page.get_by_label("Tokens out").fill("1000000")
    wide.page.keyboard.press("Enter")
    wide.page.wait_for_url("**tokens_out=1000000*")
    wide.settled()
    doubled = [Decimal(text.lstrip("$").replace(",", "")) for text in wide.page.locator("td.strong").all_inner_texts()]
    assert doubled == [2 * amount for amount in amounts]
    wide.page.get_by_role("link", name="Next", exact=True).click()
    wide.page.wait_for_url("**offset=50*")
    assert wide.page.locator("tbody tr").count() > 10
    wide.quiet()


@pytest.mark.parametrize("query", ["tokens_in=-1", "tokens_out=x", "cached=101", "requests=1e99", "sort=x"])
def test_a_wrong_month_is_refused_by_name(web: Site, query: str):
    page = Visitor(web).get(f"/costs?{query}")
    assert page.status == 400
    assert f"<code>{query.partition('=')[0]}</code>" in page.body.decode()


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A server that some apps have called for some weeks."""
    home = seed(tmp_path_factory.mktemp("ranked") / "home", [fixture_delivery()])
    key = create_account(home, ACCOUNT_X)
    models = ("openai/gpt-4-0613", "anthropic/claude-4.5-sonnet-20250929", "a/gone")
    write(
        home,
        *(
            generation(
                created=NOON - week * 7 * DAY - 2 * DAY,
                permaslug=model,
                usage=Usage(prompt_tokens=1000 * (place + 1) * (9 - week)),
                referer=f"https://app{place}.example",
            )
            for week in range(6)
            for place, model in enumerate(models)
        ),
    )
    with in_process(Settings(home=home), lambda: NOON) as site:
        yield Tenant(site, ACCOUNT_X, key)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_models_and_apps_are_ranked_by_week(opened: Callable[..., Tab], ranked: Tenant, theme: str, width: int):
    tab = opened(ranked.site, color_scheme=theme, viewport={"width": width, "height": 900})
    tab.sign_in(ranked.management_key)
    tab.open("/rankings")
    tab.flawless()
    assert tab.page.locator("svg.chart g").count() == 12
    assert tab.page.locator("svg.chart g rect").count() == 18
    rows = tab.page.locator("section", has_text="week of").locator("tbody tr").all_inner_texts()
    key = ranked.key()
    week = key.get("/datasets/rankings-daily?period=week&start_date=2026-08-17").json()["data"]
    assert [row.split("\t")[1] for row in rows] == [row["model_permaslug"] for row in week]
    assert rows[0].split("\t")[2] == "27K"
    assert "+12 %" in rows[0]
    apps = tab.page.locator("section", has_text="30 days").locator("tbody tr").all_inner_texts()
    said = key.get("/datasets/app-rankings").json()["data"]
    assert [row.split("\t")[1] for row in apps] == [row["app_name"] for row in said]
    tab.page.get_by_role("link", name="Trending").click()
    tab.page.wait_for_url("**apps=trending")
    tab.quiet()


def test_rankings_without_traffic_say_so(wide: Tab, tenant: Tenant):
    wide.sign_in(tenant.management_key)
    wide.open("/rankings")
    wide.quiet()
    assert "Nothing has been called yet" in wide.text("main")
