"""`/models` in a browser: found by typing, filtered with counts, walked by keyboard, compared, shared as an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.live.tenants import Tenant
from tests.live.wire import Site
from tests.web.browsing import Tab
from tests.web.forms import Visitor
from trunkline.server.domain.catalog.filters import FILTERS
from trunkline.server.domain.catalog.sorts import SORTS

LARGEST = 100_000
"""Bytes of script and styles that the page may send, compressed."""


def total(tab: Tab) -> int:
    return int(tab.page.locator(".total strong").inner_text().replace(",", ""))


def asked(tab: Tab) -> dict[str, list[str]]:
    return parse_qs(urlsplit(tab.page.url).query)


def listed(site: Site, query: str) -> int:
    count: int = site.get(f"/models?{query}").json()["total_count"]
    return count


def test_the_list_is_flawless_in_every_look(tab: Tab):
    assert tab.open("/models?sort=intelligence-high-to-low") == 200
    tab.flawless()
    assert tab.page.locator("tr.model").count() == 50


def test_what_is_typed_is_searched_at_once_and_is_an_address(wide: Tab, web: Site):
    wide.open("/models")
    wide.page.get_by_label("Search models").fill("claude")
    wide.page.wait_for_url("**/models?q=claude")
    wide.settled()
    assert total(wide) == listed(web, "q=claude") > 3
    names = wide.page.locator(".who > a").all_inner_texts()
    assert all("claude" in name.lower() for name in names)
    wide.page.reload()
    assert wide.page.get_by_label("Search models").input_value() == "claude"
    assert total(wide) == listed(web, "q=claude")
    wide.page.go_back()
    expect(wide.page.get_by_label("Search models")).to_have_value("")
    assert total(wide) == listed(web, "")
    wide.quiet()


def test_every_filter_and_order_of_the_api_is_in_the_form(web: Site):
    page = Visitor(web).get("/models").body.decode()
    for name in FILTERS:
        assert f'name="{name}"' in page or f'id="options-{name}"' in page, name
    for name in SORTS:
        assert f'value="{name}"' in page, name


def test_a_count_is_what_the_list_has_when_its_box_is_taken(wide: Tab, web: Site):
    wide.open("/models")
    box = wide.page.locator("label.box", has_text="image").nth(1)
    promised = int(box.locator(".num").inner_text())
    box.click()
    wide.page.wait_for_url("**/models?input_modalities=image")
    wide.settled()
    assert total(wide) == promised == listed(web, "input_modalities=image")
    tools = wide.page.locator("#options-supported_parameters label", has_text=re.compile(r"^tools\d"))
    promised = int(tools.locator(".num").inner_text())
    assert promised == listed(web, "input_modalities=image&supported_parameters=tools")
    tools.click()
    wide.page.wait_for_url("**supported_parameters=tools")
    wide.settled()
    assert total(wide) == promised
    wide.page.get_by_label("Prompt price, at most").fill("1")
    wide.page.keyboard.press("Enter")
    wide.page.wait_for_url("**max_price=1*")
    wide.settled()
    narrowed = listed(web, "input_modalities=image&supported_parameters=tools&max_price=1")
    assert total(wide) == narrowed
    assert asked(wide) == {"input_modalities": ["image"], "supported_parameters": ["tools"], "max_price": ["1"]}
    wide.quiet()
    # What narrows the list is taken away one by one.
    wide.page.get_by_role("link", name="Takes in image").click()
    assert total(wide) == listed(web, "supported_parameters=tools&max_price=1") > narrowed
    wide.page.get_by_role("link", name="Take all away").click()
    assert asked(wide) == {}


def test_the_order_is_chosen_in_the_form_and_by_the_heads_of_columns(wide: Tab, web: Site):
    wide.open("/models?q=a")
    wide.page.locator("select[name=sort]").select_option("pricing-low-to-high")
    wide.page.wait_for_url("**sort=pricing-low-to-high")
    wide.settled()
    ids = [text.strip() for text in wide.page.locator(".who .id").all_inner_texts()]
    assert ids == web.get("/models?q=a&sort=pricing-low-to-high&limit=50").ids
    wide.page.get_by_role("link", name="Context", exact=True).click()
    assert asked(wide) == {"q": ["a"], "sort": ["context-high-to-low"]}
    assert wide.page.locator("th[aria-sort=descending]").inner_text().startswith("Context")


def test_pages_follow_one_another_without_gap(wide: Tab, web: Site):
    wide.open("/models")
    seen = wide.page.locator(".who .id").all_inner_texts()
    while (following := wide.page.get_by_role("link", name="Next", exact=True)).count():
        following.click()
        wide.page.wait_for_load_state()
        seen += wide.page.locator(".who .id").all_inner_texts()
    assert [text.strip() for text in seen] == web.get("/models").ids
    wide.page.get_by_role("link", name="Previous").click()
    assert wide.page.locator("tr.model").count() == 50


def test_the_list_is_walked_by_keyboard(wide: Tab):
    wide.open("/models")
    keyboard = wide.page.keyboard
    names = wide.page.locator(".who > a").all_inner_texts()
    focused = "document.activeElement.innerText"
    keyboard.press("/")
    assert wide.page.evaluate("document.activeElement.id") == "q"
    keyboard.type("jk/x")
    assert wide.page.get_by_label("Search models").input_value() == "jk/x"
    wide.page.wait_for_url("**/models?q=jk*")
    wide.page.get_by_label("Search models").fill("")
    wide.page.wait_for_url("**/models")
    wide.settled()
    keyboard.press("Escape")
    for key, at in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)):
        keyboard.press(key)
        assert wide.page.evaluate(focused) == names[at]
    keyboard.press("x")
    assert wide.text("#compare").startswith("1 chosen")
    first = wide.page.locator(".who > a").first.get_attribute("href")
    wide.page.locator(".who > a").first.focus()
    keyboard.press("Enter")
    wide.page.wait_for_url(f"**{first}")


def test_what_is_chosen_for_comparing_outlives_pages_and_filters(wide: Tab):
    wide.open("/models")
    boxes = wide.page.locator("tr.model input[type=checkbox]")
    chosen = [boxes.nth(place).get_attribute("value") for place in range(2)]
    for place in range(2):
        boxes.nth(place).check()
    wide.page.get_by_label("Search models").fill("gpt")
    wide.page.wait_for_url("**q=gpt")
    wide.settled()
    for place in range(5):
        wide.page.locator("tr.model input[type=checkbox]").nth(place).click()
    assert wide.text("#compare").startswith("6 chosen")
    assert "At most 6" in wide.text("#toasts")
    wide.page.get_by_role("button", name="Compare").click()
    wide.page.wait_for_url("**/compare?*")
    assert len(asked(wide)["models"]) == 6
    assert set(chosen) <= set(asked(wide)["models"])


def test_people_without_javascript_read_and_search(opened: Callable[..., Tab], web: Site):
    tab = opened(java_script_enabled=False)
    tab.open("/models")
    assert total(tab) == listed(web, "")
    tab.page.get_by_label("Search models").fill("claude")
    tab.page.locator("label.box", has_text="image").nth(1).click()
    tab.page.get_by_role("button", name="Show").click()
    assert total(tab) == listed(web, "q=claude&input_modalities=image")
    tab.page.locator(".who > a").first.click()
    assert tab.page.locator("h1").is_visible()


def test_nothing_found_says_so_and_leads_on(tab: Tab):
    tab.open("/models?q=no-such-model-anywhere&input_modalities=image")
    assert "No model is all of that" in tab.text("main")
    tab.flawless()


def test_a_wrong_value_is_named_in_place_of_the_list(wide: Tab):
    wide.open("/models")
    wide.page.evaluate(
        "document.querySelector('[name=max_tool_success_rate]').value = '7';htmx.trigger('#find', 'change')"
    )
    wide.page.locator("#results [role=alert]").wait_for()
    assert "max_tool_success_rate expected a number from 0 to 1" in wide.text("#results")


def test_mine_is_the_list_of_the_key_and_the_rest_says_why_not(wide: Tab, tenant: Tenant):
    key = tenant.key("narrow")
    guardrail = tenant.guardrail(allowed_providers=["anthropic"])
    tenant.assign(guardrail, key)
    wide.sign_in(tenant.management_key)
    wide.open(f"/models?q=claude&key={key.hash}")
    mine = key.get("/models/user?q=claude").ids
    everything = [row.strip() for row in wide.page.locator(".who .id").all_inner_texts()]
    off = {row.strip() for row in wide.page.locator("tr.off .id").all_inner_texts()}
    assert set(everything) - off == set(mine) & set(everything)
    assert off
    wide.quiet()
    wide.page.locator(".switch label", has_text="Mine").click()
    wide.page.wait_for_url("**list=mine**")
    wide.settled()
    assert [row.strip() for row in wide.page.locator(".who .id").all_inner_texts()] == mine
    wide.quiet()
    wide.open(f"/models?q=gpt-4&key={key.hash}")
    assert "no provider that the key's guardrail allows" in wide.text("tr.off .why")


def test_a_key_that_is_refused_says_so(wide: Tab, tenant: Tenant):
    key = tenant.key("gone")
    tenant.changed("PATCH", f"/keys/{key.hash}", {"disabled": True})
    wide.sign_in(tenant.management_key)
    wide.open(f"/models?list=mine&key={key.hash}")
    assert "This key is disabled or has expired" in wide.text("main")
    assert total(wide) == 0


def test_nobody_looks_through_another_account_s_key(web: Site, tenant: Tenant):
    key = tenant.key("own")
    stranger = Visitor(web)
    assert b"off" not in re.findall(rb'class="model( off)?"', stranger.get(f"/models?list=mine&key={key.hash}").body)
    stranger.sign_in(tenant.management_key)
    for hash_ in ("0" * 64, "x"):
        assert stranger.get(f"/models?key={hash_}").status == 404


def test_measured_speed_is_for_those_with_a_key(web: Site, tenant: Tenant):
    someone = Visitor(web)
    path = "/models?sort=throughput-high-to-low&q=claude-sonnet-4.5"
    assert b" t/s" not in someone.get(path).body
    someone.sign_in(tenant.management_key)
    assert b'78<span class="dim"> t/s' in someone.get(path).body


@pytest.mark.parametrize("coding", ["br", "gzip", "zstd"])
def test_scripts_and_styles_are_small(web: Site, coding: str):
    page = Visitor(web).get("/models").body.decode()
    first = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:js|css))"', page))
    sizes = {}
    while first:
        address = first.pop()
        sizes[address] = len(web.get("/" + address, accept_encoding=coding).body)
        text = web.get("/" + address).body.decode()
        first |= {f"/static/{name}" for name in re.findall(r'(?:import|from) ?"\./([\w.-]+)"', text)} - sizes.keys()
    assert len(sizes) >= 6
    assert sum(sizes.values()) < LARGEST, sizes
