"""Run by the client's own Python: manages an account through every operation, and prints what came back."""

import json
import sys

from openrouter import OpenRouter, errors, utils

url, management_key, member = sys.argv[1:]
SECRET = "sk-own-key-of-the-account"
NO_RETRIES = utils.RetryConfig("none", utils.BackoffStrategy(1, 1, 1.0, 1), False)


def listed(page):
    """Return all rows of a page and those that follow."""
    rows = []
    while page is not None:
        rows += page.result.data
        page = page.next()
    return rows


def plain(row):
    return row.model_dump(mode="json", by_alias=True)


with OpenRouter(api_key=management_key, server_url=url, retry_config=NO_RETRIES) as client:
    workspace = client.workspaces.create(name="Team", slug="team").data
    client.workspaces.update(id="team", description="ours")
    client.workspaces.bulk_add_members(id="team", user_ids=[member])
    client.workspaces.set_budget(workspace_ref="team", interval="monthly", limit_usd=500)
    made = client.api_keys.create(name="ci", limit=2.5, limit_reset="monthly", workspace_id=workspace.id)
    client.api_keys.update(hash=made.data.hash, name="ci 2")
    guardrail = client.guardrails.create(
        name="g", allowed_models=["openai/gpt-4"], limit_usd=5, reset_interval="daily", enforce_zdr=True
    ).data
    client.guardrails.update(id=guardrail.id, description="d")
    assigned = client.guardrails.bulk_assign_keys(id=guardrail.id, key_hashes=[made.data.hash])
    client.guardrails.bulk_assign_members(id=guardrail.id, member_user_ids=[member])
    with OpenRouter(api_key=made.key, server_url=url, retry_config=NO_RETRIES) as own:
        models = own.models.list_for_user(security={"bearer": made.key})
        current = own.api_keys.get_current_key_metadata()
        try:
            own.guardrails.create(name="mine")
            refused = None
        except errors.OpenRouterError as error:
            refused = {"type": type(error).__name__, "code": error.data.error.code, "message": error.data.error.message}
    brought = client.byok.create(
        provider="openai", key=SECRET, name="Production", workspace_id=workspace.id, allowed_models=["openai/gpt-4"]
    ).data
    client.byok.update(id=brought.id, key=SECRET[::-1], is_fallback=True, allowed_api_key_hashes=[made.data.hash])
    told = {
        "brought": [plain(row) for row in listed(client.byok.list(workspace_id=workspace.id, provider="openai"))],
        "brought_one": plain(client.byok.get(id=brought.id).data),
        "assigned": assigned.assigned_count,
        "models": [row.id for row in listed(models)],
        "current": plain(current.data),
        "refused": refused,
        "keys": [plain(row) for row in client.api_keys.list(workspace_id=workspace.id).data],
        "key": plain(client.api_keys.get(hash=made.data.hash).data),
        "guardrails": [plain(row) for row in listed(client.guardrails.list())],
        "guardrail": plain(client.guardrails.get(id=guardrail.id).data),
        "key_assignments": [plain(row) for row in listed(client.guardrails.list_key_assignments())],
        "member_assignments": [plain(row) for row in listed(client.guardrails.list_member_assignments())],
        "of_guardrail": len(listed(client.guardrails.list_guardrail_key_assignments(id=guardrail.id)))
        + len(listed(client.guardrails.list_guardrail_member_assignments(id=guardrail.id))),
        "workspaces": [plain(row) for row in listed(client.workspaces.list(limit=1))],
        "workspace": plain(client.workspaces.get(id="team").data),
        "workspace_members": [plain(row) for row in listed(client.workspaces.list_members(id="team"))],
        "budgets": [plain(row) for row in client.workspaces.list_budgets(workspace_ref="team").data],
        "budget": plain(client.workspaces.get_budget(workspace_ref="team", interval="monthly").data),
        "members": [plain(row) for row in listed(client.organization.list_members())],
        "settings": plain(client.organization.update_settings(is_filtered_model_catalog_enabled=True).data),
    }
    client.organization.update_settings(
        is_filtered_model_catalog_enabled=client.organization.get_settings().data is None
    )
    client.guardrails.bulk_unassign_keys(id=guardrail.id, key_hashes=[made.data.hash])
    client.guardrails.bulk_unassign_members(id=guardrail.id, member_user_ids=[member])
    told["deleted"] = [
        plain(client.byok.delete(id=brought.id)),
        plain(client.guardrails.delete(id=guardrail.id)),
        plain(client.workspaces.delete_budget(workspace_ref="team", interval="monthly")),
        plain(client.api_keys.delete(hash=made.data.hash)),
    ]
    client.workspaces.bulk_remove_members(id="team", user_ids=[member])
    told["deleted"].append(plain(client.workspaces.delete(id="team")))
    try:
        client.workspaces.get(id="team")
    except errors.OpenRouterError as error:
        told["gone"] = {"type": type(error).__name__, "code": error.data.error.code}
    print(json.dumps(told))
