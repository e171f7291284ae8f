"""Every documented parameter and error of get, list and count through the official client 0.10.8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import Environment
from tests.factories import ids
from tests.live.wire import Site

RUN = Path(__file__).with_name("run_calls.py")
Call = tuple[str, dict[str, Any]]

LISTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "M10 M3 M8 M2 M6 M4 M5 M9 M1"),
    ({"category": "programming"}, "M4"),
    ({"category": "marketing/seo"}, "M4"),
    ({"category": "legal"}, ""),
    ({"supported_parameters": "temperature"}, "M10 M3 M2 M1"),
    ({"supported_parameters": "tools,reasoning"}, "M10 M2"),
    ({"output_modalities": "embeddings"}, "M7"),
    ({"output_modalities": "image,embeddings"}, "M8 M7"),
    ({"output_modalities": "all"}, "M10 M3 M8 M2 M6 M4 M5 M7 M9 M1"),
    ({"sort": "newest"}, "M10 M3 M8 M2 M6 M4 M5 M9 M1"),
    ({"sort": "pricing-low-to-high"}, "M5 M6 M4 M3 M8 M10 M2 M1 M9"),
    ({"sort": "pricing-high-to-low"}, "M1 M10 M2 M8 M3 M6 M4 M5 M9"),
    ({"sort": "context-high-to-low"}, "M9 M3 M10 M2 M6 M4 M8 M5 M1"),
    ({"sort": "throughput-high-to-low"}, "M10 M3 M8 M2 M6 M4 M5 M9 M1"),
    ({"sort": "latency-low-to-high"}, "M10 M3 M8 M2 M6 M4 M5 M9 M1"),
    ({"sort": "most-popular"}, "M10 M3 M8 M2 M6 M4 M5 M9 M1"),
    ({"sort": "top-weekly"}, "M10 M3 M8 M2 M6 M4 M5 M9 M1"),
    ({"sort": "intelligence-high-to-low"}, "M10 M2 M3 M8 M6 M4 M5 M9 M1"),
    ({"sort": "design-arena-elo-high-to-low"}, "M10 M2 M3 M8 M6 M4 M5 M9 M1"),
    ({"q": "gpt-4"}, "M1"),
    ({"q": "Claude Sonnet"}, "M10 M2"),
    ({"q": ""}, "M10 M3 M8 M2 M6 M4 M5 M9 M1"),
    ({"input_modalities": "text,image"}, "M10 M3 M2"),
    ({"context": 128000}, "M10 M3 M2 M6 M4 M9"),
    ({"min_price": 0, "max_price": 10}, "M10 M3 M8 M2 M6 M4 M5"),
    ({"min_price": 0.1}, "M10 M3 M8 M2 M6 M4 M1"),
    ({"min_price": None, "max_price": 0}, "M5"),
    ({"arch": "GPT"}, "M6 M1"),
    ({"arch": "Llama"}, "M4 M5"),
    ({"model_authors": "openai,anthropic"}, "M10 M2 M6 M1"),
    ({"providers": "OpenAI,Anthropic"}, "M10 M2 M1"),
    ({"providers": "Google AI Studio"}, "M3"),
    ({"distillable": "true"}, "M4"),
    ({"distillable": "false"}, "M10 M3 M8 M2 M6 M5 M9 M1"),
    ({"zdr": "true"}, "M10 M3 M8 M2 M4 M1"),
    ({"region": "eu"}, "M10 M2 M1"),
    ({"zdr": "true", "region": "eu", "providers": "Google", "sort": "newest", "q": "claude"}, "M10 M2"),
)
GETS = {
    ("openai", "gpt-4"): "M1",
    ("openai", "gpt-4-0613"): "M1",
    ("openai", "gpt-4:nitro"): "M1",
    ("meta-llama", "llama-3.3-70b-instruct:free"): "M5",
    ("anthropic", "claude-sonnet-4-5"): "M2",
    ("~anthropic", "claude-sonnet-latest"): "M10",
    ("openrouter", "auto"): "M9",
}
COUNTS = {None: 9, "text": 9, "all": 10, "embeddings": 1, "image,embeddings": 2}
NOT_FOUND = (("openai", "gpt-4:free"), ("acme", "nothing"), ("openai", ""), ("open ai", "gpt 4"), ("openai", "a/b"))
BAD: tuple[Call, ...] = (
    ("list", {"output_modalities": "hologram"}),
    ("list", {"input_modalities": "smell"}),
    ("list", {"sort": "cheapest"}),
    ("list", {"category": "gardening"}),
    ("list", {"context": 0}),
    ("list", {"min_price": -1}),
    ("list", {"max_price": 1e301}),
    ("count", {"output_modalities": "hologram"}),
)


def run(client: Environment, site: Site, calls: list[Call], key: str = "") -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = client.run(RUN, site.url, key, told=calls)
    assert len(answers) == len(calls)
    return answers


def without_nulls(value: Any) -> Any:
    # The client fills in what is absent: it cannot be told from null in what it shows.
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("key", ["", "sk-or-v1-unknown"], ids=["no key", "an unknown key"])
def test_every_documented_parameter_of_list_narrows_as_it_says(client: Environment, site: Site, key: str):
    answers = run(client, site, [("list", arguments) for arguments, _ in LISTS], key)
    for (arguments, expected), given in zip(LISTS, answers, strict=True):
        assert given.get("type") == "ModelsListResponse", (arguments, given)
        assert [row["id"] for row in given["answer"]["data"]] == ids(expected), arguments


def test_get_resolves_every_kind_of_slug(client: Environment, site: Site):
    calls: list[Call] = [("get", {"author": author, "slug": slug}) for author, slug in GETS]
    for call, name, given in zip(calls, GETS.values(), run(client, site, calls), strict=True):
        assert given.get("type") == "ModelResponse", (call, given)
        assert [given["answer"]["data"]["id"]] == ids(name), call


def test_count_matches_the_list(client: Environment, site: Site):
    calls: list[Call] = [("count", {} if value is None else {"output_modalities": value}) for value in COUNTS]
    answers = run(client, site, calls)
    assert [given["answer"] for given in answers] == [{"data": {"count": number}} for number in COUNTS.values()]


def test_every_row_reaches_the_caller_as_the_server_sent_it(client: Environment, site: Site):
    (given,) = run(client, site, [("list", {"output_modalities": "all"})])
    sent = site.get("/models?output_modalities=all").json()["data"]
    for shown, row in zip(given["answer"]["data"], sent, strict=True):
        assert without_nulls({key: shown[key] for key in row if key in shown}) == without_nulls(
            {key: value for key, value in row.items() if key in shown}
        )
        assert row.keys() - shown.keys() <= {"alias_target"}


def test_every_row_of_the_bundled_catalogue_is_valid_for_the_client(client: Environment, bundled: Site):
    listed, counted = run(
        client, bundled, [("list", {"output_modalities": "all"}), ("count", {"output_modalities": "all"})]
    )
    assert listed.get("type") == "ModelsListResponse", listed
    shown = [row["id"] for row in listed["answer"]["data"]]
    assert shown == bundled.get("/models?output_modalities=all").ids
    assert counted["answer"]["data"]["count"] == len(shown)


def test_every_bundled_model_can_be_got(client: Environment, bundled: Site):
    models = bundled.get("/models?output_modalities=all").ids
    calls: list[Call] = [("get", dict(zip(("author", "slug"), model.split("/"), strict=True))) for model in models]
    for model, given in zip(models, run(client, bundled, calls), strict=True):
        assert given.get("type") == "ModelResponse", (model, given)
        assert given["answer"]["data"]["id"] == model


def test_what_does_not_exist_raises_the_documented_error(client: Environment, site: Site):
    calls: list[Call] = [("get", {"author": author, "slug": slug}) for author, slug in NOT_FOUND]
    told = {
        "error": "NotFoundResponseError",
        "status": 404,
        "code": 404,
        "code_type": "int",
        "message": "Resource not found",
    }
    assert run(client, site, calls) == [told] * len(calls)


def test_what_is_wrong_raises_the_documented_error(client: Environment, site: Site):
    told = {"error": "BadRequestResponseError", "status": 400, "code": 400, "code_type": "int"}
    told["message"] = "Invalid request parameters"
    assert run(client, site, list(BAD)) == [told] * len(BAD)
