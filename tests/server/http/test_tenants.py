"""Two tenants on every id, and nobody who grants more than they hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.factories import ACCOUNT_X, M
from tests.live.servers import in_process
from tests.live.tenants import OWN, Key, Tenant, belongings, clock
from tests.server.http.conftest import ACCOUNT_Y
from trunkline.server.http.access import Access
from trunkline.server.http.app import OPERATIONS
from trunkline.server.settings import Settings

MANAGED = [operation for operation in OPERATIONS if operation.access is Access.MANAGEMENT]
OPERATORS = {"listAccounts", "createAccount", "getAnyAccount", "updateAnyAccount"}
"""Operations that also ask for the operator's account."""


def state(tenant: Tenant) -> list[Any]:
    """Return all that an account shows of itself."""
    paths = [
        *("/keys", "/guardrails", "/workspaces", "/organization/members", "/organization/settings"),
        *("/guardrails/assignments/keys", "/guardrails/assignments/members", f"{OWN}/account", f"{OWN}/audit"),
    ]
    for workspace in tenant.get("/workspaces").json()["data"]:
        one = f"/workspaces/{workspace['id']}"
        paths += [f"/keys?include_disabled=true&workspace_id={workspace['id']}", f"{one}/budgets", f"{one}/members"]
        paths.append(f"/byok?workspace_id={workspace['id']}")
    return [tenant.get(path).json() for path in paths]


GOOD = {
    "updateKeys": {"disabled": True},
    "updateGuardrail": {"description": "mine"},
    "bulkAssignKeysToGuardrail": {"key_hashes": ["x"]},
    "bulkUnassignKeysFromGuardrail": {"key_hashes": ["x"]},
    "bulkAssignMembersToGuardrail": {"member_user_ids": ["x"]},
    "bulkUnassignMembersFromGuardrail": {"member_user_ids": ["x"]},
    "updateWorkspace": {"name": "mine"},
    "upsertWorkspaceBudget": {"limit_usd": 1},
    "bulkAddWorkspaceMembers": {"user_ids": ["x"]},
    "bulkRemoveWorkspaceMembers": {"user_ids": ["x"]},
    "updateBYOKKey": {"name": "mine"},
    "updateMember": {"first_name": "Mine"},
    "updateAnyAccount": {"name": "mine"},
}
"""A body that each operation on one row takes."""


def test_no_id_of_one_account_means_anything_in_another(x: Tenant, y: Tenant):
    theirs = belongings(x)
    before = state(x)
    on_a_row = [operation for operation in MANAGED if "{id}" in operation.path or "{hash}" in operation.path]
    assert len(on_a_row) > 20
    for operation in on_a_row:
        assert (operation.body is None) == (operation.id not in GOOD), operation.id
        body = json.dumps(GOOD[operation.id]).encode() if operation.body is not None else None
        for row_id in theirs.values():
            target = "/" + operation.path.format(id=row_id, hash=row_id, interval="daily")
            reply = y.site.ask(operation.method, target, body, authorization=f"Bearer {y.management_key}")
            reply.error(403 if operation.id in OPERATORS else 404)
            mine = x.site.ask(operation.method, target, body)
            mine.error(401)
    assert state(x) == before
    for shown in state(y):
        for row_id in theirs.values():
            assert row_id not in json.dumps(shown)


def test_no_id_of_another_account_counts_in_a_body_or_query(x: Tenant, y: Tenant):
    theirs = belongings(x)
    before = state(x)
    mine, key = y.guardrail(), y.key()
    workspace, member = theirs["workspace"], theirs["member"]
    y.ask("POST", "/keys", {"name": "k", "workspace_id": workspace}).error(404)
    y.ask("PATCH", f"/keys/{key.hash}", {"workspace_id": workspace}).error(404)
    y.ask("POST", "/keys", {"name": "k", "creator_user_id": member}).error(400)
    y.ask("POST", "/guardrails", {"name": "g", "workspace_id": workspace}).error(400)
    own = y.made("/workspaces", {"name": "w", "slug": "w"})["data"]["id"]
    y.ask("POST", f"/workspaces/{own}/members/add", {"user_ids": [member]}).error(400)
    y.ask("GET", f"/keys?workspace_id={workspace}").error(404)
    y.ask("GET", f"/byok?workspace_id={workspace}").error(404)
    own_key = {"provider": "openai", "key": "sk-1"}
    y.ask("POST", "/byok", {**own_key, "workspace_id": workspace}).error(404)
    y.ask("POST", "/byok", {**own_key, "allowed_api_key_hashes": [theirs["key"]]}).error(400)
    path = f"/guardrails/{mine}/assignments"
    assert y.changed("POST", f"{path}/keys", {"key_hashes": [theirs["key"]]}) == {"assigned_count": 0}
    assert y.changed("POST", f"{path}/keys/remove", {"key_hashes": [theirs["key"]]}) == {"unassigned_count": 0}
    assert y.changed("POST", f"{path}/members", {"member_user_ids": [member]}) == {"assigned_count": 0}
    assert y.get(f"/guardrails?workspace_id={workspace}").json()["total_count"] == 0
    y.get(f"{OWN}/explain?key_hash={theirs['key']}&model={M['M1']}").error(404)
    preview = f"{OWN}/guardrails/preview"
    assert y.changed("POST", preview, {"key_hashes": [theirs["key"]]}) == {"data": []}
    assert y.changed("POST", preview, {"member_user_ids": [member]}) == {"data": []}
    y.ask("POST", preview, {"guardrail_id": theirs["guardrail"]}).error(404)
    y.ask("POST", preview, {"workspace_id": workspace}).error(404)
    assert y.get(f"{OWN}/audit?noun_id={theirs['key']}").json()["data"] == []
    # What is private to X is no model to Y, in lists and explanations as little as in answers.
    y.ask("POST", "/guardrails", {"name": "g", "allowed_models": [M["M11"]]}).error(400)
    y.get(f"{OWN}/explain?key_hash={key.hash}&model={M['M11']}").error(404)
    assert state(x) == before


def test_nobody_grants_more_than_they_hold(x: Tenant):
    for body in ({"regions": ["eu", "us"]}, {"regions": None}, {"kind": "personal"}):
        x.ask("PATCH", f"{OWN}/account", body).error(403)
    assert x.get(f"{OWN}/account").json()["data"]["regions"] == ["eu"]
    made = x.made("/keys", {"name": "k", "is_management": True, "is_management_key": True, "account_id": ACCOUNT_Y})
    key = Key(x.site, made["key"], made["data"]["hash"])
    key.get("/keys").error(403)
    assert key.get("/key").json()["data"]["organization_id"] == ACCOUNT_X
    reopening = x.under(
        enable_paid_model_training=True, enable_free_model_training=True, allowed_providers=["freehost"]
    )
    assert reopening.models == []
    # Management keys are the operator's to make and revoke: one that leaked cannot lock out the others.
    own = x.get("/keys?include_disabled=true").json()["data"]
    assert all(row["name"] != "Management key" for row in own)
    managing = hashlib.sha256(x.management_key.encode()).hexdigest()
    x.ask("DELETE", f"/keys/{managing}").error(404)
    x.ask("PATCH", f"/keys/{managing}", {"disabled": True}).error(404)
    assert x.assign(x.guardrail(), Key(x.site, "", managing)) == 0


def test_the_operator_s_account_rules_all_accounts_and_no_other_does(home: Path, template: tuple[Path, str, str]):
    with in_process(Settings(home=home, operator=ACCOUNT_X), clock) as server:
        x, y = Tenant(server, ACCOUNT_X, template[1]), Tenant(server, ACCOUNT_Y, template[2])
        assert {row["id"] for row in x.get(f"{OWN}/accounts").json()["data"]} == {ACCOUNT_X, ACCOUNT_Y}
        x.changed("PATCH", f"{OWN}/accounts/{ACCOUNT_Y}", {"regions": ["us"]})
        assert y.key().get("/models/user", host="us.models.test").status == 200
        made = x.made(f"{OWN}/accounts", {"name": "new"})
        new = Tenant(server, made["data"]["id"], made["key"])
        assert new.get(f"{OWN}/account").json()["data"] == made["data"]
        for tenant in (y, new):
            tenant.get(f"{OWN}/accounts").error(403)
            tenant.ask("PATCH", f"{OWN}/accounts/{ACCOUNT_X}", {"name": "mine"}).error(403)
            tenant.ask("POST", f"{OWN}/accounts", {"name": "mine"}).error(403)
        x.key().get(f"{OWN}/accounts").error(403)
