"""The newest official client manages an account: it sends what we take and reads all that we answer."""

from __future__ import annotations

from pathlib import Path

from tests.clients.environments import environment
from tests.factories import ACCOUNT_X, fixture_delivery, ids, seed
from tests.live.servers import process
from tests.live.tenants import OWN, Tenant, create_account

RUN = Path(__file__).with_name("run_management.py")


def test_an_account_is_managed_through_the_newest_client(tmp_path: Path):
    home = seed(tmp_path / "home", [fixture_delivery()])
    management = create_account(home, ACCOUNT_X)
    with process(home) as site:
        tenant = Tenant(site, ACCOUNT_X, management)
        member = tenant.made(f"{OWN}/members", {"email": "ada@example.com"})["data"]["id"]
        told = environment("openrouter-newest").run(RUN, site.url, management, member)

    assert told["models"] == ids("M9 M1")  # the router too: it has a candidate
    assert told["refused"] == {
        "type": "ForbiddenResponseError",
        "code": 403,
        "message": "Only management keys can perform this operation",
    }
    assert told["brought"] == [told["brought_one"]]
    brought = told["brought_one"]
    assert (brought["provider"], brought["label"], brought["is_fallback"]) == ("openai", "tnu...o-ks", True)
    assert brought["allowed_models"] == ["openai/gpt-4-0613"]
    assert len(brought["allowed_api_key_hashes"]) == 1
    assert told["assigned"] == 1
    assert told["keys"] == [told["key"]]
    assert (told["key"]["name"], told["key"]["limit"], told["key"]["limit_reset"]) == ("ci 2", 2.5, "monthly")
    current = told["current"]
    assert [budget["scope"] for budget in current["budgets"]] == ["api_key", "workspace", "key_limit"]
    assert current["effective_budget"]["scope"] == "key_limit"
    assert (current["organization_id"], current["is_management_key"]) == (ACCOUNT_X, False)
    assert current["allowed_data_regions"] == ["global", "europe", "us"]
    assert told["guardrails"] == [told["guardrail"]]
    assert told["guardrail"]["allowed_models"] == ["openai/gpt-4-0613"]
    assert told["guardrail"]["enforce_zdr_xai"] is True
    assert [row["key_name"] for row in told["key_assignments"]] == ["ci 2"]
    assert [row["user_id"] for row in told["member_assignments"]] == [member]
    assert told["of_guardrail"] == 2
    assert [row["slug"] for row in told["workspaces"]] == ["team", "default"]
    assert told["workspace"]["description"] == "ours"
    assert [row["user_id"] for row in told["workspace_members"]] == [member]
    assert told["budgets"] == [told["budget"]]
    assert (told["budget"]["limit_usd"], told["budget"]["reset_interval"]) == (500, "monthly")
    assert [row["email"] for row in told["members"]] == ["ada@example.com"]
    assert told["settings"] == {"id": ACCOUNT_X, "is_filtered_model_catalog_enabled": True}
    assert told["deleted"] == [{"deleted": True}] * 5
    assert told["gone"] == {"type": "NotFoundResponseError", "code": 404}
