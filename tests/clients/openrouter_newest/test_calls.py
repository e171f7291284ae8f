"""The catalogue through the newest official client: every page, every later parameter, and errors with their types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import Environment
from tests.clients.later import ERRORS, MISTAKES, cases
from tests.factories import M
from tests.live.wire import Site

RUN = Path(__file__).with_name("run_calls.py")
Call = tuple[str, dict[str, Any]]
pytestmark = pytest.mark.parametrize("twin", ["sync", "async"])


def run(client: Environment, twin: str, site: Site, *calls: Call, key: str = "") -> list[Any]:
    answers: list[Any] = client.run(RUN, site.url, twin, key, told=calls)
    assert len(answers) == len(calls)
    return answers


def test_a_list_is_walked_to_its_last_page_whatever_the_pages_size(client: Environment, twin: str, bundled: Site):
    everything = bundled.get("/models?output_modalities=all").ids
    sizes = (50, len(everything) // 5, len(everything), 1000)
    answers = run(
        client,
        twin,
        bundled,
        ("models.list", {"output_modalities": "all"}),
        *[("models.list", {"output_modalities": "all", "limit": size}) for size in sizes],
    )
    for given in answers:
        assert given.get("ids") == everything, given.get("said")
        assert given["total"] == len(everything)
    # The client asks on after a page that is full, even when it was the last.
    assert [given["pages"] for given in answers[1:]] == [len(everything) // size + 1 for size in sizes]


def test_every_later_parameter_lists_what_its_rows_say(client: Environment, twin: str, site: Site):
    asked = cases(site)
    answers = run(client, twin, site, *[("models.list", arguments) for arguments, _ in asked])
    for (arguments, expected), given in zip(asked, answers, strict=True):
        assert given.get("ids") == expected, (arguments, given)
    assert any(0 < len(expected) < len(M) - 1 for _, expected in asked)


@pytest.mark.parametrize("key", ["", "sk-or-v1-unknown"], ids=["no key", "an unknown key"])
def test_what_a_caller_gets_wrong_is_a_typed_error_and_never_retried(
    client: Environment, twin: str, site: Site, key: str
):
    answers = run(client, twin, site, *[(name, arguments) for name, arguments, _ in MISTAKES], key=key)
    for (name, arguments, status), given in zip(MISTAKES, answers, strict=True):
        assert (given.get("error"), given.get("code")) == (ERRORS[status], status), (name, arguments, given)


def test_every_model_and_all_its_endpoints_are_valid_for_the_client(client: Environment, twin: str, bundled: Site):
    models = bundled.get("/models?output_modalities=all").ids[:: 1 if twin == "sync" else 10]
    names = [dict(zip(("author", "slug"), model.split("/"), strict=True)) for model in models]
    answers = run(
        client,
        twin,
        bundled,
        *[("models.get", name) for name in names],
        *[("endpoints.list", name) for name in names],
    )
    half = len(names)
    for model, got, listed in zip(models, answers[:half], answers[half:], strict=True):
        assert got.get("data", {}).get("id") == model, got
        assert listed.get("data", {}).get("id"), listed
        sent = bundled.get(f"/models/{model}/endpoints").json()["data"]
        assert len(listed["data"]["endpoints"]) == len(sent["endpoints"])


def test_the_other_lists_are_valid_for_the_client(client: Environment, twin: str, bundled: Site):
    providers, retaining_nothing, embedding, count = run(
        client,
        twin,
        bundled,
        ("providers.list", {}),
        ("endpoints.list_zdr_endpoints", {}),
        ("embeddings.list_models", {}),
        ("models.count", {"output_modalities": "all"}),
    )
    assert [row["slug"] for row in providers["data"]] == [
        row["slug"] for row in bundled.get("/providers").json()["data"]
    ]
    assert len(retaining_nothing["data"]) == len(bundled.get("/endpoints/zdr").json()["data"])
    assert embedding["ids"] == bundled.get("/embeddings/models").ids
    assert count["data"]["count"] == len(bundled.get("/models?output_modalities=all").ids)
