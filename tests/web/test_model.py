"""A model's page in a browser: its hosts, its prices drawn, its other names, and calls to copy that work."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.factories import delivered, endpoint_fact, fixture_delivery, model_fact, provider_fact, seed
from tests.live.servers import process
from tests.live.tenants import Tenant
from tests.live.wire import Site
from tests.web.browsing import Tab
from tests.web.conftest import MODEL
from tests.web.forms import Visitor
from trunkline.server.domain.catalog.pricing import Moment, price_at
from trunkline.server.web import prices
from trunkline.server.web.snippets import snippets

TIERED = {
    "prompt": "0.000003",
    "completion": "0.000015",
    "overrides": [
        {"min_prompt_tokens": 200_000, "prompt": "0.000006", "completion": "0.0000225"},
    ],
}
WINDOWED = {
    "prompt": "0.000003",
    "completion": "0.000015",
    "overrides": [{"utc_start": 2200, "utc_end": 600, "utc_days": ["sat", "sun"], "prompt": "0.000001"}],
}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'}}{{7*7}}"
LONG = "Long" * 60


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose catalogue was imported from somebody hostile, or long-winded."""
    facts = [
        model_fact("acme/tiered", name="Tiered", created=1_786_000_000, pricing=TIERED, context_length=1_000_000),
        model_fact("acme/windowed", name="Windowed", created=1_786_000_000, pricing=WINDOWED),
        model_fact("acme/long", name=f"{LONG} {LONG}", created=1_786_000_001, description=LONG * 30),
        model_fact(
            "acme/hostile",
            name=HOSTILE,
            created=1_786_000_002,
            description=HOSTILE,
            hugging_face_id="javascript:alert(1)",
            supported_parameters=[HOSTILE],
            knowledge_cutoff=HOSTILE,
        ),
        provider_fact("evil", name=HOSTILE),
        endpoint_fact("acme/hostile", "evil", name=HOSTILE, provider_name=HOSTILE, quantization=HOSTILE),
        endpoint_fact("acme/long", "evil/" + "x" * 80, pricing={"prompt": "0.000000123456789", "completion": "1"}),
    ]
    home = seed(tmp_path_factory.mktemp("odd") / "home", [fixture_delivery(), delivered(*facts, layer="odd")])
    with process(home) as running:
        yield running


def test_a_model_s_page_is_flawless_in_every_look(tab: Tab, web: Site):
    assert tab.open(f"/models/{MODEL}") == 200
    tab.flawless()
    listed = web.get(f"/models/{MODEL}/endpoints").json()["data"]["endpoints"]
    assert tab.page.locator("table.hosts tbody tr").count() == len(listed)
    assert [row["tag"] in tab.text("table.hosts") for row in listed] == [True] * len(listed)


def test_prices_are_those_of_the_api(wide: Tab, web: Site):
    wide.open(f"/models/{MODEL}")
    prompt = float(web.get(f"/model/{MODEL}").json()["data"]["pricing"]["prompt"]) * 1e6
    assert f"${prompt:.2f} per million" in wide.text("dl.facts")


def test_every_name_of_a_model_leads_to_its_page(web: Site):
    model = web.get(f"/model/{MODEL}").json()["data"]
    names = {f"/{MODEL}", f"/models/{model['canonical_slug']}", f"/{MODEL.upper()}", f"/models/{MODEL.title()}"}
    for name in names - {f"/models/{MODEL}"}:
        reply = Visitor(web).get(name)
        assert (reply.status, reply.headers.get("location")) == (303, f"/models/{MODEL}"), name
    assert Visitor(web).get("/models/acme/no-such-model").status == 404


def test_links_of_the_feed_lead_to_pages(web: Site):
    feed = web.get("/models?use_rss=true&q=claude").body.decode()
    links = [part.partition("</link>")[0] for part in feed.split("<item>")[1:] for part in [part.split("<link>")[1]]]
    assert len(links) > 3
    for link in links:
        path = "/" + link.partition("://")[2].partition("/")[2]
        assert Visitor(web).get(path).headers["location"] == f"/models{path}"


def test_calls_to_copy_have_the_reader_s_own_address(wide: Tab, web: Site):
    wide.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    wide.open(f"/models/{MODEL}")
    wide.page.get_by_role("button", name="Copy curl").click()
    expect(wide.page.locator("#toasts")).to_contain_text("Copied")
    copied = wide.page.evaluate("navigator.clipboard.readText()")
    assert f"{web.url}/chat/completions" in copied
    assert f'"model": "{MODEL}"' in copied
    page = web.get(f"//models/{MODEL}", accept="text/html", host="models.example:1234")
    assert b"curl http://models.example:1234/api/v1/chat/completions" in page.body


def test_copied_python_is_python_whatever_the_model_is_called():
    for name in ("a/b", "a/b'c", 'a/"; import os #', "a/\\"):
        made = snippets(name, ("text",), "http://h/api/v1")
        python = [snippet for snippet in made if snippet.title.startswith("Python")]
        assert len(python) == 3
        for snippet in python:
            assert name in [
                node.value for node in ast.walk(ast.parse(snippet.text)) if isinstance(node, ast.Constant)
            ] or (
                name.partition("/")[2]
                in [node.value for node in ast.walk(ast.parse(snippet.text)) if isinstance(node, ast.Constant)]
            )


def test_the_trunkline_call_runs_as_it_is_written(wide: Tab, web: Site, capsys: pytest.CaptureFixture[str]):
    wide.open(f"/models/{MODEL}")
    text = wide.page.locator("pre", has_text="from trunkline").text_content()
    exec(text, {})
    assert "Claude" in capsys.readouterr().out


def test_steps_and_windows_are_drawn_and_said(opened: Callable[..., Tab], odd: Site):
    tab = opened(odd, viewport={"width": 1440, "height": 900})
    tab.open("/models/acme/tiered")
    tab.flawless()
    steps = tab.page.locator("figure", has_text="By size").locator("tbody tr")
    assert steps.all_inner_texts() == ["up to 200K\t$3.00\t$15.00", "more than 200K\t$6.00\t$22.50"]
    assert tab.page.locator("figure", has_text="By size").locator("svg rect").count() == 4
    tab.open("/models/acme/windowed")
    tab.flawless()
    figure = tab.page.locator("figure", has_text="By time")
    assert figure.locator("h3").all_inner_texts() == ["Mon, Tue, Wed, Thu, Fri", "Sat, Sun"]
    assert "22:00–24:00" in figure.inner_text()


def test_windows_say_what_the_clock_says():
    for day in prices.week(WINDOWED):
        names = {"Mon, Tue, Wed, Thu, Fri": (0, 4), "Sat, Sun": (5, 6)}[day.title]
        assert day.windows[0].start == 0
        assert day.windows[-1].end == prices.MINUTES
        for window in day.windows:
            for number in names:
                for minute in (window.start, window.end - 1):
                    at = price_at(WINDOWED, Moment(minute, number))
                    assert str(window.prompt) == at["prompt"]


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("/models/acme/hostile", 1440),
        ("/models/acme/hostile", 390),
        ("/models/acme/long", 390),
        ("/models", 1440),
        ("/models?q=%3Cscript%3E", 390),
        ("/", 390),
        ("/compare?models=acme/hostile&models=acme/long&models=<script>", 1440),
        ("/costs?q=acme", 390),
        ("/charts?chart=context&q=acme", 1440),
    ],
)
def test_hostile_and_endless_texts_are_texts(opened: Callable[..., Tab], odd: Site, path: str, width: int):
    tab = opened(odd, viewport={"width": width, "height": 900})
    dialogs: list[str] = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    assert tab.open(path) == 200
    tab.flawless()
    assert dialogs == []
    assert tab.page.locator("main script, main img").count() == 0
    assert "49" not in tab.text("h1")
    assert tab.page.locator('a[href^="javascript"]').count() == 0
    if path.endswith("hostile"):
        assert tab.text("h1") == HOSTILE


def test_a_key_is_told_host_by_host(wide: Tab, tenant: Tenant):
    key = tenant.under(allowed_providers=["anthropic"])
    wide.sign_in(tenant.management_key)
    wide.open(f"/models/{MODEL}")
    wide.page.get_by_label("May this key call them?").select_option(key.hash)
    wide.page.get_by_role("button", name="Look").click()
    wide.page.wait_for_url("**key=*")
    rows = wide.page.locator("table.hosts tbody tr")
    for row in rows.all():
        tag = row.locator("th .mono").inner_text()
        verdict = row.locator(".verdict").inner_text()
        expected = "may call" if tag.split("/")[0] == "anthropic" else "Not a provider that the key's guardrail allows"
        assert verdict == expected
    wide.flawless()


def test_measured_latency_is_for_those_with_a_key(wide: Tab, tenant: Tenant):
    wide.open(f"/models/{MODEL}")
    assert "420 ms" not in wide.text("table.hosts")
    wide.sign_in(tenant.management_key)
    wide.open(f"/models/{MODEL}")
    assert "420 ms 910 ms" in wide.text("table.hosts")
    assert "78 55" in wide.text("table.hosts")
    assert "99.95 %" in wide.text("table.hosts")
