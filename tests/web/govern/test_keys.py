"""Keys in the browser: made with the secret shown once, limited, disabled, deleted, and explained."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.live.tenants import OWN, Key
from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, LONG, Scene


def kept(scene: Scene, key_hash: str) -> dict[str, object]:
    data: dict[str, object] = scene.tenant.get(f"/keys/{key_hash}").json()["data"]
    return data


def test_the_list_says_what_keys_have_spent_and_have_left(inside: Tab, scene: Scene):
    assert inside.open("/govern/keys") == 200
    row = inside.page.get_by_role("row").filter(has_text="Production")
    spent = kept(scene, scene.keys["Production"].hash)
    expect(row).to_contain_text("$60")
    expect(row).to_contain_text(f"${float(str(spent['limit_remaining'])):.2f}")
    expect(inside.page.get_by_role("link", name=HOSTILE).first).to_be_visible()
    inside.flawless()


def test_a_key_is_made_shown_once_changed_disabled_and_deleted(desk: Tab, scene: Scene):
    page = desk.page
    desk.open("/govern/keys")
    page.get_by_role("link", name="New key").first.click()
    page.get_by_label("Name").fill(LONG)
    page.get_by_label("Limit", exact=True).fill("a lot")
    page.get_by_role("button", name="Make the key").click()
    # What was typed is still there, and the mistake stands beside its field.
    expect(page.get_by_label("Name")).to_have_value(LONG)
    expect(page.get_by_label("Limit", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#limit-wrong")).to_have_text("Expected an amount in USD, such as 12.50")
    assert desk.complaints.pop().endswith("(Bad Request)")
    desk.flawless()
    page.get_by_label("Limit", exact=True).fill("$12.50")
    page.get_by_label("The limit begins anew").select_option("weekly")
    page.get_by_role("button", name="Make the key").click()
    secret = desk.text("pre")
    assert re.fullmatch(r"sk-or-v1-[0-9a-f]{64}", secret)
    desk.flawless()
    page.get_by_role("link", name="To the key").click()
    key_hash = page.url.rpartition("/")[2]
    assert secret not in page.content()
    assert (kept(scene, key_hash)["limit"], kept(scene, key_hash)["limit_reset"]) == (12.5, "weekly")
    assert Key(scene.tenant.site, secret, key_hash).get("/key").status == 200

    page.get_by_label("Name").fill("Shorter")
    page.get_by_label("Limit", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert (kept(scene, key_hash)["name"], kept(scene, key_hash)["limit"]) == ("Shorter", None)
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    assert Key(scene.tenant.site, secret, key_hash).get("/key").status == 401
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Delete").click()
    assert kept(scene, key_hash)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The key is deleted.")).to_be_visible()
    assert scene.tenant.get(f"/keys/{key_hash}").status == 404
    # Everything is in the audit trail under the management key that has signed in.
    trail = scene.tenant.get(f"{OWN}/audit?noun=key&noun_id={key_hash}").json()["data"]
    assert [entry["action"] for entry in trail] == ["delete", "update", "update", "create"]
    assert {entry["actor"]["via"] for entry in trail} == {"web"}
    assert secret not in str(trail)


def test_the_page_of_a_key_leads_to_its_models_and_explains_one(inside: Tab, scene: Scene):
    key = scene.tenant.under(ignored_models=["openai/gpt-4"])
    inside.open(f"/govern/keys/{key.hash}")
    page = inside.page
    expect(page.get_by_role("link", name="Models it may call")).to_have_attribute(
        "href", f"/models?list=mine&key={key.hash}"
    )
    page.get_by_label("Model", exact=True).fill("openai/gpt-4")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("No.", exact=True)).to_be_visible()
    smallest = inside.text("section[aria-labelledby=smallest]")
    assert "In the key's guardrail, set ignored_models from openai/gpt-4-0613 to not set" in smallest
    inside.flawless()
    page.get_by_label("Model", exact=True).fill("acme/one")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("Yes.", exact=True)).to_be_visible()
    page.get_by_label("Model", exact=True).fill("no/such-model")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("There is no such model")).to_be_visible()


def test_without_scripts_a_key_is_made_and_deleted_all_the_same(enter: Callable[..., Tab], scene: Scene):
    tab = enter(java_script_enabled=False)
    page = tab.page
    tab.open("/govern/keys/new")
    page.get_by_label("Name").fill("By hand")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("This is the only time the key is shown")).to_be_visible()
    page.get_by_role("link", name="To the key").click()
    key_hash = page.url.rpartition("/")[2]
    assert kept(scene, key_hash)["name"] == "By hand"
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The key is deleted.")).to_be_visible()
    assert scene.tenant.get(f"/keys/{key_hash}").status == 404


def test_a_key_of_another_account_or_none_is_not_found(scene: Scene):
    someone = scene.visitor()
    for path in (f"/govern/keys/{'0' * 64}", "/govern/keys?workspace=00000000-0000-4000-8000-000000000000"):
        assert someone.get(path).status == 404
    assert scene.send(f"/govern/keys/{'0' * 64}/delete").status == 404
    assert scene.send("/govern/keys", name="x", limit="-1").status == 400
