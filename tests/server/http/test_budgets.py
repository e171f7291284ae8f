"""A budget that is used up refuses calls and hides nothing, on a server with a provider behind it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.factories import ACCOUNT_X, NOON, M, ids
from tests.live.servers import in_process
from tests.live.tenants import Key, Tenant
from tests.live.wire import Reply
from tests.upstream.answers import completion, whole
from tests.upstream.scripted import ScriptedProvider
from trunkline.server.settings import load


def test_67_a_call_beyond_the_budget_is_refused(home: Path, template: tuple[Path, str, str]):
    with ScriptedProvider() as azure:
        azure.always(*whole(completion() | {"usage": {"prompt_tokens": 100, "completion_tokens": 50}}))
        (home / "trunkline.toml").write_text(
            f'[providers.azure]\nbase_url = "{azure.url}"\ndialect = "openai"\napi_key = "sk-upstream"\n'
        )
        with in_process(load({"home": str(home)}, {}).settings, lambda: NOON) as site:
            x = Tenant(site, ACCOUNT_X, template[1])
            key, other = x.under(limit_usd=0.01, reset_interval="daily"), x.key()
            seen = key.models
            assert seen == ids("M9 M1"), "what no configured provider serves cannot be called"
            body = json.dumps({"model": M["M1"], "messages": [{"role": "user", "content": "Hi"}]}).encode()

            def call(caller: Key) -> Reply:
                return site.ask("POST", "/chat/completions", body, authorization=f"Bearer {caller.text}")

            assert [call(key).status for _ in range(2)] == [200, 200]
            data = key.get("/key").json()["data"]
            assert data["effective_budget"]["scope"] == "api_key"
            assert (data["usage"], data["effective_budget"]["remaining_usd"]) == (0.012, 0)
            assert "budget" in call(key).error(403)["message"].lower()
            assert len(azure.calls) == 2
            assert key.models == seen
            assert call(other).status == 200
            x.changed("PATCH", f"/guardrails/{guardrail_of(x, key)}", {"limit_usd": 1})
            assert call(key).status == 200


def guardrail_of(x: Tenant, key: Key) -> str:
    """Return the id of the guardrail that a key is assigned to."""
    rows = x.get("/guardrails/assignments/keys").json()["data"]
    (found,) = (row["guardrail_id"] for row in rows if row["key_hash"] == key.hash)
    return str(found)
