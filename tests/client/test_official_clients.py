"""Ours beside the official clients: the same requests for the same calls, the same attributes for the same answers."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from tests.client.conftest import QUICK
from tests.client.rows import endpoint, model, page
from tests.client.test_requests import LIST
from tests.client.upstream import Asked, Upstream, answer
from tests.clients.environments import environment
from tests.shared_data import shared
from trunkline import OpenRouter, types

HERE = Path(__file__).parent
Setup = dict[str, Any]
Call = tuple[Setup, str, dict[str, Any]]

KEY: Setup = {"api_key": "sk-test"}
APP = {
    "http_referer": "https://app.example/x",
    "x_open_router_title": "A (test) app",
    "x_open_router_categories": "cli-agent,ide-extension",
}
DOCUMENTED: dict[str, list[Any]] = {
    "category": ["programming", "marketing/seo"],
    "supported_parameters": ["temperature", "tools,temperature"],
    "output_modalities": ["text", "text,image", "all"],
    "sort": ["newest", "design-arena-elo-high-to-low"],
    "q": ["gpt-4", "", "a b", "é ü", "100% & more? #1 + 'x'; (y)*~!$=,/:@[]|\"<>\\^`{}"],
    "input_modalities": ["text,image"],
    "context": [128000, 1],
    "min_price": [0, 0.1, None, 1e-07, 12345678.9],
    "max_price": [10, 0.30000000000000004, None, 1e22],
    "arch": ["GPT", "Llama,Claude"],
    "model_authors": ["openai,anthropic", "~x"],
    "providers": ["OpenAI,Google AI Studio", "Z.AI"],
    "distillable": ["true", "false"],
    "zdr": ["true"],
    "region": ["eu"],
}
"""Values for every parameter that `models.list` has in 0.10.8."""
LATER = {name: row[0] for name, row in LIST.items() if name not in DOCUMENTED and name not in ("offset", "limit")}
SLUGS = [
    ("openai", "gpt-4"),
    ("openai", "gpt-4:free"),
    ("~anthropic", "claude-latest"),
    ("a b", "c.d_e-f~g"),
    ("a", ""),
]

LISTS: list[Call] = [
    (KEY, "models.list", {}),
    *[(KEY, "models.list", {name: value}) for name, values in DOCUMENTED.items() for value in values],
    (KEY, "models.list", {name: values[0] for name, values in DOCUMENTED.items()}),
    (KEY, "models.list", {**APP, "sort": "newest"}),
    (KEY | APP, "models.list", {"q": "x"}),
    (KEY | APP, "models.list", {"x_open_router_title": "Another"}),
    (KEY, "models.list", {"http_headers": {"X-Trace": "7", "Accept": "application/json;q=1"}}),
    ({"api_key": "Bearer sk-test"}, "models.list", {}),
]
OTHERS: list[Call] = [
    *[(KEY | APP, "models.get", {"author": author, "slug": slug}) for author, slug in SLUGS],
    (KEY, "models.count", {}),
    (KEY, "models.count", {"output_modalities": "text,image", **APP}),
    ({}, "models.list_for_user", {"security": {"bearer": "sk-theirs"}}),
    (KEY | APP, "models.list_for_user", {"security": {"bearer": "sk-theirs"}}),
    *[(KEY, "endpoints.list", {"author": author, "slug": slug}) for author, slug in SLUGS],
    (KEY, "endpoints.list_zdr_endpoints", APP),
    (KEY, "providers.list", APP),
    (KEY, "embeddings.list_models", APP),
]
OF_THEIR_OWN = {"user-agent", "accept-encoding", "connection", "host"}
"""Headers in which clients may differ."""


def sent(upstream: Upstream, calls: list[Call], client: str) -> list[tuple[str, dict[str, str]]]:
    """Return the requests as they arrived when a client made the calls; every answer is the same 400."""
    upstream.asked.clear()
    upstream.plays(answer({"error": {"code": 400, "message": "No."}}, 400))
    if client == "trunkline":
        for setup, operation, arguments in calls:
            tag, _, name = operation.partition(".")
            with (
                OpenRouter(server_url=upstream.url, timeout_ms=QUICK, **setup) as ours,
                pytest.raises(Exception, match="No"),
            ):
                getattr(getattr(ours, tag), name)(**arguments)
    else:
        environment(client).run(HERE / "make_calls.py", upstream.url, told=calls)

    def seen(asked: Asked) -> tuple[str, dict[str, str]]:
        return asked.target, {name: value for name, value in asked.headers.items() if name not in OF_THEIR_OWN}

    return [seen(asked) for asked in upstream.asked]


def test_every_call_of_the_documented_client_sends_the_same_request(upstream: Upstream):
    calls = LISTS + OTHERS
    theirs = sent(upstream, calls, "openrouter-0.10.8")
    ours = sent(upstream, calls, "trunkline")
    assert len(theirs) == len(calls) >= 60
    for call, mine, other in zip(calls, ours, theirs, strict=True):
        assert mine == other, call


def test_every_later_parameter_is_sent_as_the_newest_client_sends_it(upstream: Upstream):
    # The newest client always pages, ours when told to.
    paged = {"offset": 0, "limit": 500}
    calls: list[Call] = [
        (KEY, "models.list", paged),
        *[(KEY, "models.list", {**paged, name: value}) for name, value in _plain(LATER).items()],
        *[(KEY, "models.list", {**paged, name: None}) for name in LATER],
        (
            KEY,
            "models.list",
            {"offset": 40, "limit": 20, **_plain(LATER), "region": "us", "sort": "coding-high-to-low"},
        ),
        (
            KEY,
            "models.list_for_user",
            {"security": {"bearer": "k"}, **paged, "output_modalities": "all", "sort": "newest"},
        ),
        (KEY, "embeddings.list_models", {"offset": 5, "limit": 2}),
        *[(setup, operation, {**paged, **arguments}) for setup, operation, arguments in LISTS],
    ]
    theirs = sent(upstream, calls, "openrouter-newest")
    ours = sent(upstream, calls, "trunkline")
    assert len(theirs) == len(calls)
    for call, mine, other in zip(calls, ours, theirs, strict=True):
        assert mine == other, call


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else float(value) for name, value in values.items()}


@pytest.mark.parametrize("client", ["openrouter-0.10.8", "openrouter-newest"])
def test_every_parameter_of_an_official_client_is_one_of_ours(client: str):
    operations = sorted({operation for _, operation, _ in LISTS + OTHERS})
    theirs = environment(client).run(HERE / "list_parameters.py", told=operations)
    ours = OpenRouter()
    for operation in operations:
        tag, _, name = operation.partition(".")
        assert set(theirs[operation]) <= set(signature(getattr(getattr(ours, tag), name)).parameters), operation


def assert_reads_the_same(ours: Any, theirs: Any, where: str) -> int:
    """Compare every attribute of an official object with ours; return how many were compared."""
    if isinstance(theirs, dict) and "fields" in theirs:
        return sum(
            assert_reads_the_same(getattr(ours, name), value, f"{where}.{name}")
            for name, value in theirs["fields"].items()
        )
    if isinstance(theirs, list):
        assert isinstance(ours, list), where
        assert len(ours) == len(theirs), where
        pairs = enumerate(zip(ours, theirs, strict=True))
        return sum(assert_reads_the_same(mine, other, f"{where}[{at}]") for at, (mine, other) in pairs)
    if theirs == {"unset": True}:
        assert ours is types.UNSET, where
    else:
        assert ours == theirs, where
        assert type(ours) is type(theirs) or {type(ours), type(theirs)} == {int, float}, where
    return 1


def test_the_hosted_catalogue_reads_the_same_attribute_by_attribute(upstream: Upstream):
    body = json.loads(shared("data/openrouter-models-2026-08-22.json").read_text())
    upstream.plays(answer(body))
    (theirs,) = environment("openrouter-0.10.8").run(
        HERE / "walk_results.py", upstream.url, told=[("models.list", {"output_modalities": "all"})]
    )
    with OpenRouter(server_url=upstream.url, timeout_ms=60_000) as client:
        ours = client.models.list(output_modalities="all")
    assert len(ours.data) == len(theirs["fields"]["data"]) == 421
    assert assert_reads_the_same(ours, theirs, "answer") > 421 * 40


def test_every_other_answer_reads_the_same(upstream: Upstream):
    whole = model(
        "acme/two",
        description="",
        hugging_face_id="",
        expiration_date=None,
        benchmarks={"design_arena": []},
        reasoning={"mandatory": False, "supported_efforts": None},
        per_request_limits={"prompt_tokens": 1, "completion_tokens": 2.5},
        default_parameters={"temperature": None, "top_k": 3},
        supported_voices=["one"],
    )
    architecture = {**model()["architecture"], "tokenizer": None, "instruct_type": "chatml"}
    provider = {"name": "Acme", "slug": "acme", "privacy_policy_url": None, "datacenters": ["DE"], "headquarters": None}
    answers: dict[str, tuple[Any, dict[str, Any]]] = {
        "models.get": ({"data": whole}, {"author": "acme", "slug": "two"}),
        "models.count": ({"data": {"count": 7}}, {}),
        "models.list_for_user": (page(whole, model()), {"security": {"bearer": "k"}}),
        "embeddings.list_models": (page(model()), {}),
        "endpoints.list": (
            {"data": {**model(), "description": "d", "architecture": architecture, "endpoints": [endpoint(status=0)]}},
            {"author": "acme", "slug": "one"},
        ),
        "endpoints.list_zdr_endpoints": ({"data": [endpoint(), endpoint(status=-10, quantization="new")]}, {}),
        "providers.list": ({"data": [provider]}, {}),
    }
    calls = [(operation, arguments) for operation, (_, arguments) in answers.items()]
    bodies = [answer(body) for body, _ in answers.values()]
    upstream.plays(*bodies)
    theirs = environment("openrouter-0.10.8").run(HERE / "walk_results.py", upstream.url, told=calls)
    upstream.plays(*bodies)
    with OpenRouter(server_url=upstream.url, timeout_ms=QUICK) as client:
        for (operation, arguments), other in zip(calls, theirs, strict=True):
            tag, _, name = operation.partition(".")
            ours = getattr(getattr(client, tag), name)(**arguments)
            assert assert_reads_the_same(ours, other, operation) > 0
            assert type(ours).__name__ == other["class"] or operation in (
                "models.list_for_user",
                "embeddings.list_models",
            )
