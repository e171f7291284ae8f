"""A real process filters what calls say, keeps answers and what was said, and reads it back after a restart."""

from __future__ import annotations

import json
from pathlib import Path

from tests.factories import delivered, seed
from tests.live.servers import process
from tests.live.tenants import Key, Tenant
from tests.live.wire import Reply, Site
from tests.upstream.answers import completion, whole
from tests.upstream.scripted import ScriptedProvider

MANAGEMENT = "sk-or-v1-" + "7" * 64
SETTINGS = """
[providers.alpha]
base_url = "{url}"
dialect = "openai"
data_policy = {{ training = false, retention_days = 0 }}

[[endpoints]]
model = "acme/m"
provider = "alpha"
name = "M"
context_length = 8192
pricing = {{ prompt = "0.000001", completion = "0.000001" }}
"""
VARIABLES = {"TRUNKLINE_MANAGEMENT_KEY": MANAGEMENT, "TRUNKLINE_FILTER_ANSWERS": "true"}


def ask(site: Site, key: Key, text: str) -> Reply:
    body = {"model": "acme/m", "messages": [{"role": "user", "content": text}]}
    headers = {"authorization": f"Bearer {key.text}", "x-openrouter-cache": "true"}
    return site.ask("POST", "/chat/completions", json.dumps(body).encode(), **headers)


def content(site: Site, key: str, reply: Reply) -> Reply:
    return site.get(f"/generation/content?id={reply.json()['id']}", authorization=f"Bearer {key}")


def test_content_is_filtered_kept_and_there_after_a_restart(tmp_path: Path):
    home = seed(tmp_path / "home", [delivered()])
    with ScriptedProvider() as alpha:
        (home / "trunkline.toml").write_text(SETTINGS.format(url=alpha.url))
        alpha.always(*whole(completion("reach me at eve@example.com")))
        with process(home, **VARIABLES) as site:
            tenant = Tenant(site, "", MANAGEMENT)
            key = tenant.under(
                content_filter_builtins=[{"slug": "email", "action": "redact"}],
                content_filters=[{"pattern": "forbidden ?fruit", "action": "block", "label": "fruit"}],
            )
            tenant.changed("PATCH", "/workspaces/default", {"is_observability_io_logging_enabled": True})
            first, again = (ask(site, key, "I am ada@example.com") for _ in range(2))
            assert [reply.headers["x-openrouter-cache-status"] for reply in (first, again)] == ["MISS", "HIT"]
            for reply in (first, again):
                assert reply.json()["choices"][0]["message"]["content"] == "reach me at [EMAIL]"
            assert ask(site, key, "forbidden fruit").error(403)["message"].endswith("content filter: fruit")
            (call,) = alpha.calls
            assert json.loads(call.body)["messages"][0]["content"] == "I am [EMAIL]"
            told = site.get(f"/generation?id={again.json()['id']}", authorization=f"Bearer {key.text}").json()["data"]
            assert (told["response_cache_source_id"], told["usage"]) == (first.json()["id"], 0)
        with process(home, **VARIABLES) as site:
            for reply in (first, again):
                kept = content(site, MANAGEMENT, reply).json()["data"]
                assert kept["input"]["messages"][0]["content"] == "I am [EMAIL]"
                assert kept["output"]["completion"] == "reach me at [EMAIL]"
    for file in home.rglob("*"):
        assert not file.is_file() or b"example.com" not in file.read_bytes().replace(b"@example.com/v1", b""), file
