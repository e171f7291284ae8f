"""Guardrails in the browser: previewed while they are typed, made, assigned, changed and deleted."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.live.tenants import OWN
from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, Scene


def test_a_guardrail_is_previewed_while_it_is_typed_then_made_and_assigned(desk: Tab, scene: Scene):
    page = desk.page
    desk.open("/govern/guardrails/new")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Leaves")
    page.get_by_label("Name", exact=True).fill(HOSTILE)
    page.get_by_label("Never these models").fill("acme/one")
    # The account's keys have called it a minute ago.
    expect(preview).to_contain_text("would lose models that it called in 30 days: acme/one (12 calls")
    page.get_by_label("Never these models").fill("acme/on")
    expect(preview).to_contain_text("is no model of this catalogue (do you mean acme/one?)")
    page.get_by_role("button", name="Make the guardrail").click()
    expect(page.locator("#ignored_models-wrong")).to_contain_text("do you mean acme/one?")
    expect(page.get_by_label("Name", exact=True)).to_have_value(HOSTILE)
    assert desk.complaints.pop().endswith("(Bad Request)")
    desk.flawless()
    page.get_by_label("Never these models").fill("acme/one, openai/gpt-4")
    page.get_by_label("At most").fill("5")
    page.get_by_label("In each").select_option("daily")
    page.get_by_label("Email", exact=True).select_option("redact")
    page.get_by_label("Pattern 1", exact=True).fill(r"\d{9}")
    page.get_by_role("button", name="Make the guardrail").click()
    expect(page.get_by_text("The guardrail is made.")).to_be_visible()
    guardrail_id = page.url.rpartition("/")[2].partition("?")[0]
    made = scene.tenant.get(f"/guardrails/{guardrail_id}").json()["data"]
    assert (made["name"], made["limit_usd"], made["reset_interval"]) == (HOSTILE, 5, "daily")
    assert made["ignored_models"] == ["acme/one", "openai/gpt-4-0613"]
    assert made["content_filters"] == [{"pattern": r"\d{9}", "action": "redact", "label": None}]
    assert [row["slug"] for row in made["content_filter_builtins"]] == ["email"]

    key = scene.tenant.key("To be governed")
    page.reload()
    page.get_by_text("Put keys under it").click()
    page.get_by_label("To be governed").check()
    page.get_by_role("button", name="Put under it").first.click()
    expect(page.get_by_role("link", name="To be governed")).to_be_visible()
    assert "acme/one" not in key.models
    page.get_by_role("button", name="Take away").click()
    expect(page.get_by_role("link", name="To be governed")).to_have_count(0)
    assert "acme/one" in key.models
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The guardrail is deleted.")).to_be_visible()
    trail = scene.tenant.get(f"{OWN}/audit?noun=guardrail&noun_id={guardrail_id}").json()["data"]
    assert [(entry["action"], entry["actor"]["via"]) for entry in trail] == [("delete", "web"), ("create", "web")]


def test_guardrails_look_good_and_open_a_workspaces_default_one(inside: Tab, scene: Scene):
    scene.tenant.guardrail(name="Only Europe", allowed_data_regions=["europe"], limit_usd=20, reset_interval="weekly")
    inside.open("/govern/guardrails")
    assert "hosts: europe" in inside.text("main")
    inside.flawless()
    inside.open(f"/govern/guardrails/{scene.tenant.default_workspace()['default_guardrail_id']}")
    expect(inside.page.get_by_role("heading", level=1)).to_have_text("Default guardrail of Default")
    expect(inside.page.locator("#preview")).to_contain_text("models")
    inside.settled()
    inside.flawless()


def test_without_scripts_the_preview_is_a_button(scene: Scene):
    reply = scene.send("/govern/guardrails/preview", name="kept", ignored_models="acme/one")
    assert reply.status == 200
    assert b"would lose models" in reply.body
    assert b'value="kept"' in reply.body
    wrong = scene.send("/govern/guardrails", name="x", limit_usd="5")
    assert wrong.status == 400
    assert b"An amount and its interval are set and removed together" in wrong.body
