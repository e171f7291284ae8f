"""Official clients, unchanged, call models through the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import environment
from tests.gateway.world import World, running
from tests.upstream.answers import completion, hello, whole

HERE = Path(__file__).parent
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("clients")) as made:
        yield made


def run(world: World, client: str, script: str) -> dict[str, Any]:
    told: dict[str, Any] = environment(client).run(HERE / script, world.site.url, world.key)
    return told


def test_the_openai_client_chats_streams_calls_tools_and_embeds(world: World):
    world.forget()
    world.alpha.then(*whole(completion())).then(*hello())
    world.alpha.then(*whole(completion(content=None, finish="tool_calls", tool_calls=[CALL])))
    world.alpha.then(*whole(completion(content='{"city": "Bern"}')))
    vectors = [{"object": "embedding", "index": index, "embedding": "AACAPw=="} for index in (0, 1)]
    embedded = {"object": "list", "data": vectors, "model": "m", "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    world.alpha.then(*whole(embedded))
    world.beta.always(*whole({"error": {"message": "boom"}}, 500))
    said = run(world, "openai", "run_calls.py")
    assert said["plain"][0].startswith("gen-")
    assert said["plain"][1:] == ["acme/m", "Hello", 10]
    assert (said["streamed"], said["usage"]) == ("Hello", 10)
    assert said["tool"] == [["call_1", "look", "{}"]]
    assert said["city"] == '{"city": "Bern"}'
    assert said["vectors"] == [[1.0], [1.0]]
    assert said["bad"][:3] == ["BadRequestError", 400, "400"]
    assert said["stranger"][:2] == ["AuthenticationError", 401]
    assert said["down"][:2] == ["InternalServerError", 503]


@pytest.mark.parametrize("version", ["openrouter-0.10.8", "openrouter-newest"])
def test_the_openrouter_client_chats_streams_and_raises_what_it_documents(world: World, version: str):
    world.forget()
    world.alpha.then(*whole(completion())).then(*hello())
    world.beta.always(*whole({"error": {"message": "boom"}}, 500))
    said = run(world, version, "run_openrouter.py")
    assert said["plain"][0].startswith("gen-")
    assert said["plain"][1:] == ["acme/m", "Hello", 10]
    assert (said["streamed"], said["usage"]) == ("Hello", 10)
    assert said["bad"] == ["BadRequestResponseError", 400, 400]
    assert said["stranger"] == ["UnauthorizedResponseError", 401, 401]
    assert said["down"] == ["ServiceUnavailableResponseError", 503, 503]


def test_the_openrouter_client_raises_what_a_guardrail_blocks_and_gets_kept_answers(world: World):
    world.forget()
    world.alpha.then(*whole(completion())).then(*hello())
    blocked = world.tenant.under(content_filter_builtins=[{"slug": "regex-prompt-injection", "action": "block"}])
    script = HERE / "run_policies.py"
    said = environment("openrouter-newest").run(script, world.site.url, world.key, blocked.text)
    for refused in (said["blocked"], said["streamed"]):
        assert refused[:3] == ["ForbiddenResponseError", 403, 403]
        assert refused[3] == "Request blocked: prompt injection patterns detected"
        assert refused[4]["patterns"] == ["ignore all previous instructions"]
        assert refused[5] == "regex_pi_detection"
    assert said["kept"] == [["Hello", 10, 0.00001], ["Hello", 0, 0]]
    assert said["streams"] == [["Hello", 10], ["Hello", 0]]
    assert [told["status"] for told in said["heard"]] == ["MISS", "HIT", "MISS", "HIT"]
    assert said["heard"][1]["source-id"] == said["ids"][0] != said["ids"][1]
    assert said["heard"][0]["ttl"] == "300"
    assert len(world.called()) == 2
