"""The first page of /govern: what was spent, which limits are near, how providers are."""

from __future__ import annotations

from time import time

from tests.web.browsing import Tab
from tests.web.govern.conftest import HOSTILE, Scene
from trunkline.server.adapters.store.database import open_database
from trunkline.server.usecases.pressure import Pressed, pressing


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


def test_limits_of_keys_members_and_workspaces_are_watched_and_those_of_dead_keys_are_not(scene: Scene):
    tenant = scene.tenant
    guardrail = tenant.guardrail(limit_usd=0.01, reset_interval="monthly")
    tenant.changed("POST", f"/guardrails/{guardrail}/assignments/members", {"member_user_ids": [scene.member]})
    place = tenant.default_workspace()["id"]
    tenant.changed("PUT", f"/workspaces/{place}/budgets/lifetime", {"limit_usd": 100})
    dead = tenant.key("Dead", limit=0)
    tenant.changed("PATCH", f"/keys/{dead.hash}", {"disabled": True})
    none = tenant.key("None left", limit=0)

    def watched() -> list[Pressed]:
        database = open_database(scene.home / "trunkline.db")
        try:
            return pressing(database.accounts, tenant.account_id, clock=time)
        finally:
            database.close()

    found = watched()
    assert [(one.kind, one.name) for one in found] == [
        ("member", "Ada Lovelace"),
        ("key", "None left"),
        ("workspace", "Default"),
        ("key", "Production"),
    ]
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    assert found[1].share == 1
    tenant.ask("DELETE", f"/guardrails/{guardrail}")
    tenant.ask("DELETE", f"/workspaces/{place}/budgets/lifetime")
    tenant.ask("DELETE", f"/keys/{none.hash}")
    assert [one.name for one in watched()] == ["Production"]
