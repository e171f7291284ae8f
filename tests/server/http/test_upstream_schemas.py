"""Every answer of a management operation against the schemas that OpenRouter publishes, where they are at hand."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
import yaml

from tests.live.tenants import OWN, Tenant
from tests.live.wire import Reply
from tests.shared_data import shared

AREAS = ("/key", "/byok", "/guardrails", "/workspaces", "/organization")
FILTERS = {
    "content_filters": [{"pattern": "secret-[0-9]+", "action": "block", "label": "Secrets"}],
    "content_filter_builtins": [
        {"slug": "email", "action": "redact"},
        {"slug": "regex-prompt-injection", "action": "flag", "scan_scope": "user_only"},
    ],
}


class Published:
    """The published contract: which operations there are, and the schema of each answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.components = document["components"]
        self.answers = {
            (method, path): operation["responses"]
            for path, methods in document["paths"].items()
            if path.startswith(AREAS) and not path.startswith(("/models", "/private"))
            for method, operation in methods.items()
            if method in {"get", "post", "put", "patch", "delete"}
        }
        self.seen: set[tuple[str, str]] = set()

    def check(self, method: str, path: str, reply: Reply) -> None:
        """Validate an answer of an operation; one that is refused by the schema of its declared errors."""
        import jsonschema

        operation = self._operation(method.lower(), path.partition("?")[0])
        if operation is None:
            return
        responses = self.answers[operation]
        if str(reply.status) not in responses:
            assert reply.status in {400, 403, 404, 409}, (operation, reply)
            return
        schema = responses[str(reply.status)]
        schema = self.components["responses"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        body = schema["content"]["application/json"]["schema"]
        whole = {**body, "components": self.components}
        jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(reply.json())
        if reply.status < 300:
            self.seen.add(operation)

    def _operation(self, method: str, path: str) -> tuple[str, str] | None:
        # The longest literal path wins: /guardrails/assignments/keys is no guardrail.
        for template in sorted({one for _, one in self.answers}, key=lambda one: one.count("{")):
            pattern = re.sub(r"{\w+}", "[^/]+", template)
            if re.fullmatch(pattern, path) and (method, template) in self.answers:
                return method, template
        return None


@pytest.fixture(scope="module")
def published() -> Published:
    pytest.importorskip("jsonschema")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Published(yaml.load(shared("spec/openapi.yaml").read_text(), Loader=loader))


def test_every_answer_is_what_is_published(x: Tenant, published: Published):
    def ask(method: str, path: str, body: Any = None) -> Any:
        reply = x.ask(method, path, body)
        published.check(method, path, reply)
        return reply.json()

    workspace = ask("POST", "/workspaces", {"name": "Team", "slug": "team", "description": "d"})["data"]["id"]
    ask("POST", "/workspaces", {"name": "Other", "slug": "other", "io_logging_sampling_rate": 0.5})
    ask("POST", "/workspaces", {"slug": "Bad--Slug"})
    for path in ("/workspaces", "/workspaces/team", "/workspaces/none", "/workspaces?limit=1&offset=1"):
        ask("GET", path)
    ask("PATCH", "/workspaces/team", {"default_provider_sort": "price", "io_logging_api_key_ids": [1]})
    member = x.made(f"{OWN}/members", {"email": "ada@example.com", "first_name": "Ada"})["data"]["id"]
    for path in ("/organization/members", "/workspaces/default/members", "/organization/settings"):
        ask("GET", path)
    ask("PATCH", "/organization/settings", {"is_filtered_model_catalog_enabled": False})
    ask("POST", "/workspaces/team/members/add", {"user_ids": [member]})
    ask("GET", "/workspaces/team/members")

    plain = ask("POST", "/keys", {"name": "plain"})["data"]["hash"]
    full = {"limit": 12.345678, "limit_reset": "weekly", "include_byok_in_limit": True, "workspace_id": workspace}
    made = ask(
        "POST", "/keys", {"name": "full", "creator_user_id": member, "expires_at": "2027-12-31T23:59:59Z", **full}
    )
    assert made["data"]["limit"] == made["data"]["limit_remaining"] == 12.345678
    ask("POST", "/keys", {"name": ""})
    for path in (
        "/keys",
        f"/keys?workspace_id={workspace}",
        "/keys?include_disabled=true",
        f"/keys/{plain}",
        "/keys/none",
    ):
        ask("GET", path)
    ask("PATCH", f"/keys/{plain}", {"limit": 0.000001, "disabled": True})
    ask("PATCH", f"/keys/{plain}", {})

    guardrail = ask(
        "POST",
        "/guardrails",
        {"name": "full", "allowed_models": ["openai/gpt-4"], "limit_usd": 50, "reset_interval": "daily", **FILTERS},
    )["data"]["id"]
    ask("POST", "/guardrails", {"name": "plain"})
    ask("POST", "/guardrails", {})
    default = x.default_workspace()["default_guardrail_id"]
    for path in ("/guardrails", f"/guardrails/{guardrail}", f"/guardrails/{default}", f"/guardrails/{uuid4()}"):
        ask("GET", path)
    ask("PATCH", f"/guardrails/{default}", {"enforce_zdr": True})
    ask("PATCH", f"/guardrails/{guardrail}", {"description": "d", "ignored_providers": ["azure"]})
    of_guardrail = f"/guardrails/{guardrail}/assignments"
    ask("POST", f"{of_guardrail}/keys", {"key_hashes": [plain, made["data"]["hash"]]})
    ask("POST", f"{of_guardrail}/members", {"member_user_ids": [member]})
    for path in (f"{of_guardrail}/keys", f"{of_guardrail}/members"):
        ask("GET", path)
    for path in ("/guardrails/assignments/keys", "/guardrails/assignments/members"):
        assert ask("GET", path)["total_count"] > 0
    own = x.site.get("/key", authorization=f"Bearer {made['key']}")
    published.check("GET", "/key", own)
    assert len(own.json()["data"]["budgets"]) == 3  # the guardrail by key and by member, and the key's own limit
    ask("POST", f"{of_guardrail}/keys/remove", {"key_hashes": [plain]})
    ask("POST", f"{of_guardrail}/members/remove", {"member_user_ids": [member]})
    ask("DELETE", f"/guardrails/{guardrail}")

    own = ask("POST", "/byok", {"provider": "openai", "key": "sk-own-key-of-the-account", "name": "Production"})["data"]
    ask("POST", "/byok", {"provider": "anthropic", "key": "k", "allowed_api_key_hashes": [plain], "is_fallback": True})
    ask("POST", "/byok", {"provider": "openai"})
    for path in ("/byok", f"/byok?workspace_id={workspace}&provider=openai", f"/byok/{own['id']}", f"/byok/{uuid4()}"):
        ask("GET", path)
    ask("PATCH", f"/byok/{own['id']}", {"key": "sk-another-key-of-it", "allowed_models": ["openai/gpt-4"]})
    ask("DELETE", f"/byok/{own['id']}")

    budgets = "/workspaces/team/budgets"
    ask("PUT", f"{budgets}/monthly", {"limit_usd": 499.5, "include_byok_in_budgets": True})
    ask("PUT", f"{budgets}/lifetime", {"limit_usd": 5000})
    ask("PUT", f"{budgets}/weekly", {"limit_usd": 600})
    for path in (budgets, f"{budgets}/monthly", f"{budgets}/lifetime", f"{budgets}/daily"):
        ask("GET", path)
    ask("DELETE", f"{budgets}/monthly")
    ask("DELETE", "/workspaces/team")
    ask("DELETE", f"/keys/{made['data']['hash']}")
    ask("POST", "/workspaces/team/members/remove", {"user_ids": [member]})
    ask("DELETE", "/workspaces/team")
    anonymous = x.site.get("/keys")
    published.check("GET", "/keys", anonymous)
    assert anonymous.status == 401

    assert len(published.answers) > 30
    assert published.seen >= set(published.answers)
