"""Revisions and the audit trail in the browser: differences that can be read, and the way back."""

from __future__ import annotations

from dataclasses import replace
from time import time
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.factories import M, delivered, endpoint_fact, seed
from tests.live.tenants import Tenant, create_account
from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, Scene


@pytest.fixture
def another(scene: Scene) -> Scene:
    """The same server, seen from an account that does not operate it."""
    account_id = str(uuid4())
    key = create_account(scene.home, account_id, now=time)
    return replace(scene, tenant=Tenant(scene.tenant.site, account_id, key))


def test_revisions_are_compared_and_gone_back_to(desk: Tab, scene: Scene):
    for quantization in ("fp8", HOSTILE):
        fact = endpoint_fact(M["M1"], "openai", quantization=quantization)
        seed(scene.home, [delivered(fact, layer="measured")], time)
    page = desk.page
    desk.open("/govern/catalogue")
    first, newest = page.locator("tbody th a").last.inner_text(), page.locator("tbody th a").first.inner_text()
    assert (int(first), int(newest)) == (1, 3)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revision 2 to 3")
    expect(page.locator("del")).to_have_text("fp8")
    expect(page.locator("ins")).to_have_text(HOSTILE)
    expect(page.locator(".mono", has_text=f"{M['M1']} openai 0")).to_be_visible()
    desk.flawless()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Go back to 2").click()
    expect(page.get_by_text("The catalogue is what it was, as a new revision.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="rollback to 2, by sk-or-v1-")
    expect(row).to_contain_text("4")
    # The same once more changes nothing.
    assert scene.send("/govern/catalogue/rollback", to="2").headers["location"] == "/govern/catalogue?done=same"
    assert scene.send("/govern/catalogue/rollback", to="99").status == 404
    assert scene.send("/govern/catalogue/rollback", to="x").status == 400
    assert scene.visitor().get("/govern/catalogue/diff?older=77").status == 404
    assert b"openai/gpt-4" in scene.visitor().get("/govern/catalogue/diff?older=0&newer=1").body


def test_other_accounts_see_that_there_are_revisions_and_no_more(another: Scene):
    someone = another.visitor()
    page = someone.get("/govern/catalogue")
    assert page.status == 200
    assert b"Go back to it" not in page.body
    assert someone.get("/govern/catalogue/diff").status == 403
    assert another.send("/govern/catalogue/rollback", to="1").status == 403


def test_nothing_of_an_account_is_there_for_another(scene: Scene, another: Scene):
    someone = another.visitor()
    guardrail = scene.tenant.guardrail()
    own = scene.tenant.made("/byok", {"provider": "openai", "key": "sk-canary-of-somebody-else"})["data"]["id"]
    place = scene.tenant.default_workspace()["id"]
    key = scene.keys["Production"].hash
    for path in (
        f"keys/{key}", f"guardrails/{guardrail}", f"workspaces/{place}", f"byok/{own}", "log/gen-web-3-0-0",
        f"byok?workspace={place}", f"keys?workspace={place}",
    ):  # fmt: skip
        assert someone.get(f"/govern/{path}").status == 404, path
    for path, fields in (
        (f"keys/{key}", {"name": "mine"}),
        (f"keys/{key}/delete", {}),
        (f"guardrails/{guardrail}", {"name": "mine"}),
        (f"guardrails/{guardrail}/assign", {"kind": "keys", "chosen": key}),
        (f"guardrails/{guardrail}/delete", {}),
        (f"workspaces/{place}", {"name": "mine", "slug": "mine"}),
        (f"workspaces/{place}/budget", {"interval": "daily", "limit_usd": "1"}),
        (f"workspaces/{place}/delete", {"confirm_default": "true"}),
        (f"members/{scene.member}", {"role": "org:admin"}),
        (f"members/{scene.member}/remove", {}),
        (f"byok/{own}", {"name": "mine"}),
        (f"byok/{own}/delete", {}),
    ):
        assert another.send(f"/govern/{path}", **fields).status == 404, path
    for path in ("", "/keys", "/activity", "/log", "/audit", "/members", "/guardrails"):
        page = someone.get(f"/govern{path}")
        assert page.status == 200
        assert b"Production" not in page.body


def test_the_trail_tells_who_changed_what_and_from_what(inside: Tab, scene: Scene):
    key = scene.tenant.key("Before")
    scene.send(f"/govern/keys/{key.hash}", name=HOSTILE, limit="3")
    page = inside.page
    inside.open(f"/govern/audit?noun=key&id={key.hash}")
    changed = page.get_by_role("row").filter(has_text="changed")
    assert "127.0.0.1" in changed.inner_text()
    expect(changed.locator("del").first).to_have_text("Before")
    expect(changed.locator("ins").first).to_have_text(HOSTILE)
    inside.flawless()
    page.get_by_label("Of what").select_option("member")
    page.get_by_label("Id", exact=True).fill("")
    page.get_by_label("Id", exact=True).press("Enter")
    expect(page.get_by_role("row").filter(has_text="member")).not_to_have_count(0)
    expect(page.locator("tbody").get_by_text("key assignment")).to_have_count(0)
    assert scene.visitor().get("/govern/audit?before=x").status == 400


def test_empty_accounts_are_told_what_there_is_to_do(another: Scene):
    someone = another.visitor()
    for path, says in (
        ("", b"Nothing was called in 30 days"),
        ("/keys", b"No keys here"),
        ("/guardrails", b"No guardrails yet"),
        ("/activity", b"Nothing was called"),
        ("/log", b"No calls"),
        ("/byok", b"No own keys yet"),
        ("/members", b"Nobody yet"),
        ("/explain", b"There is no key yet"),
    ):
        assert says in someone.get(f"/govern{path}").body, path
