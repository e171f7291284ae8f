"""Workspaces, members and the account's own settings in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.live.tenants import OWN
from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, Scene


def test_a_workspace_gets_budgets_that_have_to_grow_with_their_interval(desk: Tab, scene: Scene):
    page = desk.page
    desk.open("/govern/workspaces/new")
    page.get_by_label("Name").fill(HOSTILE)
    page.get_by_label("Slug").fill("Not a slug")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.locator("#slug-wrong")).to_be_visible()
    assert desk.complaints.pop().endswith("(Bad Request)")
    page.get_by_label("Slug").fill("research")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    place = page.url.rpartition("/")[2].partition("?")[0]
    for interval, amount in (("Daily", "10"), ("Monthly", "5")):
        page.get_by_label(interval, exact=True).fill(amount)
        page.get_by_role("button", name=f"Set {interval.lower()}").click()
    expect(page.locator("#monthly-wrong")).to_contain_text("strictly decreasing")
    expect(page.get_by_label("Monthly", exact=True)).to_have_value("5")
    assert desk.complaints.pop().endswith("(Bad Request)")
    desk.flawless()
    data = scene.tenant.get(f"/workspaces/{place}/budgets").json()["data"]
    assert [(row["reset_interval"], row["limit_usd"]) for row in data] == [("daily", 10)]
    page.goto(page.url.partition("/budget")[0])
    page.get_by_text("Add members").click()
    page.get_by_label("Ada Lovelace").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Take out")).to_be_visible()
    page.get_by_role("button", name="Take out").click()
    expect(page.get_by_role("button", name="Take out")).to_have_count(0)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The workspace is deleted.")).to_be_visible()
    assert scene.tenant.get(f"/workspaces/{place}").status == 404


def test_members_are_added_given_a_role_and_removed(desk: Tab, scene: Scene):
    page = desk.page
    desk.open("/govern/members")
    page.get_by_label("Address").fill("ada@example.com")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("has this address already")).to_be_visible()
    assert "409" in desk.complaints.pop()
    page.get_by_label("Address").fill("grace@example.com")
    page.get_by_label("First name").fill("Grace")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Added.")).to_be_visible()
    page.get_by_label("Role of Grace", exact=True).select_option("admin")
    page.get_by_role("button", name="Set the role of Grace").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    found = {row["email"]: row for row in scene.tenant.get("/organization/members").json()["data"]}
    assert found["grace@example.com"]["role"] == "org:admin"
    desk.flawless()
    page.get_by_text("Remove Grace").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("row").filter(has_text="Grace").get_by_role("button", name="Remove for good").click()
    expect(page.get_by_text("The member is removed.")).to_be_visible()
    # Ada has keys that still count.
    reply = scene.send(f"/govern/members/{scene.member}/remove")
    assert reply.status == 400
    assert b"The member has active API keys" in reply.body


def test_the_account_s_settings_hold_for_every_key(desk: Tab, scene: Scene):
    page = desk.page
    desk.open("/govern/privacy")
    page.get_by_label("Never these models").fill("google/gemini-3-flash")
    page.get_by_label("Anthropic's").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    kept = scene.tenant.get(f"{OWN}/account").json()["data"]
    assert len(kept["ignored_models"]) == 1
    assert kept["enforce_zdr_anthropic"] is True
    assert (kept["kind"], kept["regions"]) == ("organization", None)
    page.get_by_label("Never these models").fill("")
    page.get_by_label("Anthropic's").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    kept = scene.tenant.get(f"{OWN}/account").json()["data"]
    assert (kept["ignored_models"], kept["enforce_zdr_anthropic"]) == (None, None)


@pytest.mark.parametrize("path", ["/govern/workspaces", "/govern/members", "/govern/privacy"])
def test_pages_about_people_and_places_look_good(inside: Tab, path: str):
    assert inside.open(path) == 200
    assert re.search(r"\S", inside.text("h1"))
    inside.flawless()
