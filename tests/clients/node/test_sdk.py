"""The catalogue through the newest npm package `@openrouter/sdk`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.clients.later import ERRORS, MISTAKES, cases
from tests.clients.node.conftest import Node
from tests.live.wire import Site

RUN = Path(__file__).with_name("run_calls.mjs")
Call = tuple[str, Any]
# The package takes three names apart from the operation's path, and no value that its own types refuse.
NAMES = {
    "endpoints.list_zdr_endpoints": "endpoints.listZdrEndpoints",
    "embeddings.list_models": "embeddings.listModels",
}


def camel(name: str) -> str:
    return re.sub("_(.)", lambda found: found[1].upper(), name)


def run(node: Node, site: Site, *calls: Call, key: str = "") -> list[Any]:
    asked = [
        [NAMES.get(name, name), arguments and {camel(argument): value for argument, value in arguments.items()}]
        for name, arguments in calls
    ]
    answers: list[Any] = node.run(RUN, site.url, key, told=asked)
    assert len(answers) == len(calls)
    return answers


def test_a_list_is_walked_to_its_last_page_whatever_the_pages_size(node: Node, bundled: Site):
    everything = bundled.get("/models?output_modalities=all").ids
    sizes = (50, len(everything) // 5, len(everything), 1000)
    answers = run(node, bundled, *[("models.list", {"output_modalities": "all", "limit": size}) for size in sizes])
    for given in answers:
        assert given.get("ids") == everything, given.get("said")
        assert given["total"] == len(everything)
    assert run(node, bundled, ("models.list", None))[0]["ids"] == bundled.get("/models").ids


def test_every_later_parameter_lists_what_its_rows_say(node: Node, site: Site):
    asked = cases(site)
    answers = run(node, site, *[("models.list", arguments) for arguments, _ in asked])
    for (arguments, expected), given in zip(asked, answers, strict=True):
        assert given.get("ids") == expected, (arguments, given)


@pytest.mark.parametrize("key", ["", "sk-or-v1-unknown"], ids=["no key", "an unknown key"])
def test_what_a_caller_gets_wrong_is_a_typed_error_and_never_retried(node: Node, site: Site, key: str):
    answers = run(node, site, *[(name, arguments) for name, arguments, _ in MISTAKES], key=key)
    for (name, arguments, status), given in zip(MISTAKES, answers, strict=True):
        assert (given.get("error"), given.get("code")) == (ERRORS[status], status), (name, arguments, given)


def test_every_model_and_all_its_endpoints_are_valid_for_the_package(node: Node, bundled: Site):
    models = bundled.get("/models?output_modalities=all").ids
    names = [dict(zip(("author", "slug"), model.split("/"), strict=True)) for model in models]
    answers = run(
        node,
        bundled,
        *[("models.get", name) for name in names],
        *[("endpoints.list", name) for name in names],
    )
    half = len(names)
    for model, got, listed in zip(models, answers[:half], answers[half:], strict=True):
        assert got.get("data", {}).get("id") == model, got
        assert isinstance(listed.get("data", {}).get("endpoints"), list), listed


def test_the_other_lists_are_valid_for_the_package(node: Node, bundled: Site):
    providers, retaining_nothing, embedding, count = run(
        node,
        bundled,
        ("providers.list", None),
        ("endpoints.list_zdr_endpoints", None),
        ("embeddings.list_models", None),
        ("models.count", {"output_modalities": "all"}),
    )
    assert [row["slug"] for row in providers["data"]] == [
        row["slug"] for row in bundled.get("/providers").json()["data"]
    ]
    assert len(retaining_nothing["data"]) == len(bundled.get("/endpoints/zdr").json()["data"])
    assert embedding["ids"] == bundled.get("/embeddings/models").ids
    assert count["data"]["count"] == len(bundled.get("/models?output_modalities=all").ids)
