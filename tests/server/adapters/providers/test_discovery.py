"""Servers of the operator's own that say themselves which models they have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import fixture_delivery, seed
from tests.gateway.world import HELLO, eventually
from tests.live.servers import process
from tests.live.wire import Site
from tests.upstream.answers import completion, whole
from tests.upstream.scripted import Hang, ScriptedProvider
from trunkline.server.adapters.providers.configuration import configure
from trunkline.server.adapters.providers.discovery import Discovery, model_id
from trunkline.server.domain.catalog.facts import Kind
from trunkline.server.settings import load

TAGS = {
    "models": [
        {"name": "llama3.2:3b", "details": {"family": "llama"}},
        {"name": "qwen3:latest", "details": {}},
        {"name": "nomic-embed-text:latest", "details": {"family": "nomic-bert"}},
    ]
}
MODELS = {"object": "list", "data": [{"id": "meta-llama/Llama-3.1-8B-Instruct", "max_model_len": 16384}]}
NONE = whole({"error": "no such path"}, 404)
MANAGEMENT = "sk-or-v1-" + "6" * 64


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as running:
        yield running


def asking(tmp_path: Path, text: str) -> Discovery:
    (tmp_path / "trunkline.toml").write_text(text)
    return Discovery(configure(load({"home": str(tmp_path)}, {}).settings, {}, {}).asked)


def found(discovery: Discovery, kind: Kind) -> dict[str, Any]:
    return {one.fact.key: json.loads(one.fact.wire) for one in discovery.over(()) if one.fact.kind is kind}


def asked(discovery: Discovery, *between: Callable[[], object]) -> list[bool]:
    """Ask once more after each step and return what changed."""

    async def run() -> list[bool]:
        changed = [await discovery.ask()]
        for step in between:
            step()
            changed.append(await discovery.ask())
        await discovery.close()
        return changed

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("llama3.2:3b", "vllm/llama3.2-3b"),
        ("Qwen3:latest", "vllm/qwen3"),
        ("meta-llama/Llama-3.1-8B", "vllm/meta-llama-llama-3.1-8b"),
        ("/models/a b.gguf", "vllm/models-a-b.gguf"),
        ("☃", "vllm/model"),
    ],
)
def test_a_name_becomes_an_id(name: str, expected: str):
    assert model_id("vllm", name) == expected


def test_a_list_of_models_becomes_models_of_their_own(tmp_path: Path, provider: ScriptedProvider):
    discovery = asking(tmp_path, f'[providers.vllm]\nname = "vLLM"\nbase_url = "{provider.url}"\n')
    provider.then(*NONE).then(*whole(MODELS))
    assert asked(discovery) == [True]
    assert [call.path for call in provider.calls] == ["/api/tags", "/v1/models"]
    (model,) = found(discovery, Kind.MODEL).items()
    assert model == (
        "vllm/meta-llama-llama-3.1-8b-instruct",
        {"name": "vLLM: meta-llama/Llama-3.1-8B-Instruct", "context_length": 16384},
    )
    (endpoint,) = found(discovery, Kind.ENDPOINT).values()
    assert endpoint["pricing"] == {"prompt": "0", "completion": "0"}


def test_what_is_called_with_a_key_has_an_unknown_price(tmp_path: Path, provider: ScriptedProvider):
    text = f'[providers.paid]\nbase_url = "{provider.url}"\napi_key = "sk-paid"\n'
    provider.then(*NONE).then(*whole(MODELS))
    discovery = asking(tmp_path, text)
    assert asked(discovery) == [True]
    assert {call.header("authorization") for call in provider.calls} == {"Bearer sk-paid"}
    (endpoint,) = found(discovery, Kind.ENDPOINT).values()
    assert "pricing" not in endpoint


def test_only_servers_without_endpoints_of_their_own_are_asked(tmp_path: Path, provider: ScriptedProvider):
    text = f"""
[providers.vllm]
base_url = "{provider.url}"
[providers.off]
base_url = "{provider.url}"
enabled = false
[providers.claude]
base_url = "{provider.url}"
dialect = "anthropic"
[[endpoints]]
model = "acme/m"
provider = "vllm"
"""
    assert asked(asking(tmp_path, text)) == [False]
    assert provider.calls == []


def test_a_server_that_is_silent_keeps_what_it_had_and_a_changed_list_is_noticed(
    tmp_path: Path, provider: ScriptedProvider
):
    discovery = asking(tmp_path, f'[providers.vllm]\nbase_url = "{provider.url}"\n')
    two = {"data": [{"id": "a"}, {"id": "b"}]}
    answers = (
        lambda: provider.then(*NONE).then(*whole({"data": [{"id": "a"}]})),
        lambda: provider.then(*whole({"error": "boom"}, 500)).then(*whole({"error": "boom"}, 500)),
        lambda: provider.then(*NONE).then(*whole(b"<html>")),
        lambda: provider.then(*NONE).then(*whole(two)),
        lambda: provider.then(*NONE).then(*whole(two)),
    )
    answers[0]()
    assert asked(discovery, *answers[1:]) == [True, False, False, True, False]
    assert list(found(discovery, Kind.MODEL)) == ["vllm/a", "vllm/b"]


def test_an_ollama_is_listed_and_called_for_nothing(tmp_path: Path, provider: ScriptedProvider):
    home = seed(tmp_path / "home", [fixture_delivery()])
    provider.then(*whole(TAGS)).always(*whole(completion()))
    host = f"{provider.host}:{provider.port}"
    with process(home, OLLAMA_HOST=host, TRUNKLINE_MANAGEMENT_KEY=MANAGEMENT) as site:
        listed = "/models?providers=Ollama&output_modalities=all"
        ids = ["ollama/llama3.2-3b", "ollama/nomic-embed-text", "ollama/qwen3"]
        eventually(lambda: sorted(site.get(listed).ids) == ids)
        assert site.get("/models?output_modalities=embeddings&providers=Ollama").ids == ["ollama/nomic-embed-text"]
        reply = chat(site, "ollama/llama3.2-3b")
        assert reply["choices"][0]["message"]["content"] == "Hello"
        assert reply["usage"]["cost"] == 0
    assert json.loads(provider.calls[-1].body)["model"] == "llama3.2:3b"


def test_a_server_that_never_answers_holds_up_nobody(tmp_path: Path, provider: ScriptedProvider):
    home = seed(tmp_path / "home", [fixture_delivery()])
    provider.always(Hang())
    with process(home, OLLAMA_HOST=f"{provider.host}:{provider.port}") as site:
        provider.await_calls(1)
        assert site.get("/models").status == 200


def chat(site: Site, model: str) -> Any:
    made = site.ask("POST", "/keys", b'{"name": "k"}', authorization=f"Bearer {MANAGEMENT}").json()["key"]
    body = json.dumps({"model": model, "messages": HELLO}).encode()
    return site.ask("POST", "/chat/completions", body, authorization=f"Bearer {made}").json()
