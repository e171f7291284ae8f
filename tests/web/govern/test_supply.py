"""Providers and own keys in the browser: what is on, what would switch others on, and no secret anywhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.live.tenants import OWN
from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, Scene

SECRET = "sk-canary-of-the-account-0123456789"
OPERATORS = "sk-canary-of-the-operator"


@pytest.mark.parametrize("path", ["/govern/providers", "/govern/providers/alpha", "/govern/byok/new"])
def test_pages_about_providers_look_good(inside: Tab, path: str):
    assert inside.open(path) == 200
    inside.flawless()


def test_providers_say_what_switches_them_on_and_how_they_are(desk: Tab, scene: Scene):
    page = desk.page
    desk.open("/govern/providers")
    on = page.get_by_role("row").filter(has_text="Alpha Cloud")
    expect(on).to_contain_text("on")
    expect(on).to_contain_text("100 %")
    expect(page.get_by_role("row").filter(has_text="OPENAI_API_KEY")).to_contain_text("off")
    on.get_by_role("link").click()
    expect(page.get_by_role("row").filter(has_text="acme/one")).to_contain_text("0 of")
    desk.open("/govern/providers/openai")
    expect(page.get_by_text("Set OPENAI_API_KEY in the server's environment")).to_be_visible()
    assert scene.visitor().get("/govern/providers/nobody").status == 404


def test_an_own_key_goes_in_and_never_comes_out(desk: Tab, scene: Scene):
    page = desk.page
    desk.open("/govern/byok/new?provider=openai")
    page.get_by_label("Secret").fill(SECRET)
    page.get_by_label("Only for these models").fill("no/such-model")
    page.get_by_label("Name").fill(HOSTILE)
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#allowed_models-wrong")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value(HOSTILE)
    assert SECRET not in page.content()
    assert desk.complaints.pop().endswith("(Bad Request)")
    page.get_by_label("Secret").fill(SECRET)
    page.get_by_label("Only for these models").fill("openai/gpt-4")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("The key is kept, encrypted.")).to_be_visible()
    own = page.url.rpartition("/")[2].partition("?")[0]
    kept = scene.tenant.get(f"/byok/{own}").json()["data"]
    assert (kept["provider"], kept["name"], kept["allowed_models"]) == ("openai", HOSTILE, ["openai/gpt-4-0613"])
    page.get_by_label("Disabled").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert scene.tenant.get(f"/byok/{own}").json()["data"]["disabled"] is True
    seen = page.content()
    for path in ("/govern/byok", "/govern/providers", "/govern/providers/alpha", "/govern/audit"):
        desk.open(path)
        seen += page.content()
    assert SECRET not in seen
    assert OPERATORS not in seen
    desk.open(f"/govern/byok/{own}")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The key is deleted.")).to_be_visible()
    trail = scene.tenant.get(f"{OWN}/audit?noun=byok&noun_id={own}").json()["data"]
    assert [entry["action"] for entry in trail] == ["delete", "update", "create"]
