"""Where providers depart from their dialect: the rows, and what each does to a request."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.server.adapters.providers.conftest import attempt, endpoint
from trunkline.server import bundle
from trunkline.server.adapters.providers import faults
from trunkline.server.adapters.providers.dialects.dialect import Addressee
from trunkline.server.adapters.providers.dialects.openai_requests import encode
from trunkline.server.adapters.providers.quirks import NONE, QUIRKS, Quirk, Thinking
from trunkline.server.adapters.providers.targets import DIALECTS
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.request import Surface

ROOT = Path(__file__).resolve().parents[4]
PROVIDERS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "catalog" / "providers").glob("*.yaml")}
HI = [{"role": "user", "content": "Hi"}]
LIMITS = ["max_tokens", "max_completion_tokens"]
THINKING = Thinking("enable_thinking", "thinking_budget", 128, 32768)


def said(body: dict[str, Any], quirk: Quirk, to=None, **more: Any) -> dict[str, Any]:
    made = attempt({"messages": HI, **body}, to or endpoint(), **more)
    return json.loads(encode(made, Addressee("up", "hash", quirk)).body)


def test_the_providers_with_most_endpoints_have_a_row():
    counted = Counter(row["provider"] for rows in bundle.document()["endpoints"].values() for row in rows)
    most = [slug for slug, _ in counted.most_common(10)]
    assert set(most) <= set(QUIRKS)
    spoken = [slug for slug in most if PROVIDERS[slug].get("dialect") in DIALECTS]
    assert set(most) - set(spoken) == {"amazon-bedrock"}


@pytest.mark.parametrize("slug", QUIRKS)
def test_each_row_is_of_a_known_provider_and_says_where_that_is_written(slug):
    assert slug in PROVIDERS or slug in {"ollama", "openrouter"}
    assert QUIRKS[slug].sources
    assert all(source.startswith("https://") for source in QUIRKS[slug].sources)


@pytest.mark.parametrize("slug", QUIRKS)
def test_each_row_is_documented(slug):
    page = (ROOT / "docs" / "gateway.md").read_text()
    assert f"`{slug}`" in page.partition("### Where providers depart")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    "given",
    [
        {"max_tokens": 5},
        {"max_completion_tokens": 5},
        {"max_tokens": 9, LIMITS[1]: 5},
        {"max_tokens": 5, LIMITS[1]: None},
    ],
)
@pytest.mark.parametrize("name", LIMITS)
def test_the_limit_goes_under_the_one_name_that_is_known(name, given):
    body = said(given, Quirk(limit=name))
    assert {key: body[key] for key in LIMITS if key in body} == {name: 5}
    assert not set(LIMITS) & set(said({}, Quirk(limit=name)))
    assert {key: said(given, NONE)[key] for key in given} == dict.fromkeys(given, 5)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"reasoning": {"effort": "high"}}, {"enable_thinking": True}),
        ({"reasoning": {"enabled": True}}, {"enable_thinking": True}),
        ({"reasoning": {"effort": "none"}}, {"enable_thinking": False}),
        ({"reasoning": {"enabled": False}}, {"enable_thinking": False}),
        ({"reasoning_effort": "low"}, {"enable_thinking": True}),
        ({"reasoning_effort": "none"}, {"enable_thinking": False}),
        ({"reasoning": {"max_tokens": 2000}}, {"enable_thinking": True, "thinking_budget": 2000}),
        ({"reasoning": {"max_tokens": 5}}, {"enable_thinking": True, "thinking_budget": 128}),
        ({"reasoning": {"max_tokens": 99999}}, {"enable_thinking": True, "thinking_budget": 32768}),
        ({"reasoning": {"exclude": True}}, {}),
        ({"include_reasoning": True}, {}),
        ({"reasoning": {"effort": "high"}, "enable_thinking": False}, {"enable_thinking": False}),
        ({"enable_thinking": True}, {"enable_thinking": True}),
        ({"reasoning": 5}, {}),
    ],
)
def test_thinking_is_switched_in_the_provider_s_own_words(asked, words):
    body = said(asked, Quirk(thinking=THINKING))
    assert body == {"messages": HI, "model": "up", "user": "hash", **words}


def test_a_budget_is_left_out_where_there_is_no_word_for_it():
    body = said({"reasoning": {"max_tokens": 2000}}, Quirk(thinking=Thinking("enable_thinking")))
    assert body == {"messages": HI, "model": "up", "user": "hash", "enable_thinking": True}


def test_what_is_added_yields_to_what_the_caller_says():
    default = {"include_venice_system_prompt": False}
    assert said({}, QUIRKS["venice"])["venice_parameters"] == default
    assert said({"venice_parameters": {}}, QUIRKS["venice"])["venice_parameters"] == {}
    made = attempt({"input": "a"}, surface=Surface.EMBEDDINGS)
    assert b"venice_parameters" not in encode(made, Addressee("up", "hash", QUIRKS["venice"])).body


@pytest.mark.parametrize(
    ("slug", "asked", "arrives"),
    [
        ("nvidia", {"prompt_cache_key": "k", "max_completion_tokens": 5}, {"max_tokens": 5}),
        ("nvidia", {"reasoning": {"effort": "low"}}, {"reasoning_effort": "low"}),
        ("digitalocean", {"max_tokens": 5, "user": "u"}, {"max_completion_tokens": 5, "user": "hash"}),
        ("digitalocean", {"reasoning": {"effort": "low"}}, {"reasoning": {"effort": "low"}, "user": "hash"}),
        ("deepinfra", {"reasoning": {"effort": "low"}}, {"reasoning_effort": "low", "user": "hash"}),
        ("alibaba", {"reasoning": {"max_tokens": 9}}, {"enable_thinking": True, "thinking_budget": 9, "user": "hash"}),
        ("novita", {"reasoning_effort": "none"}, {"enable_thinking": False, "user": "hash"}),
        ("azure", {"reasoning": {"effort": "low"}}, {"reasoning_effort": "low", "user": "hash"}),
    ],
)
def test_single_providers_get_what_they_take(slug, asked, arrives):
    assert said(asked, QUIRKS[slug]) == {"messages": HI, "model": "up", **arrives}


def test_a_tier_is_said_where_it_is_taken():
    to = endpoint(service_tier="priority")
    assert said({}, QUIRKS["deepinfra"], to)["service_tier"] == "priority"
    assert "service_tier" not in said({}, QUIRKS["alibaba"], to)


def error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


NOT_STREAMED = "parameter.enable_thinking must be set to false for non-streaming calls"
EXTRA = "body -> n\n  Extra inputs are not permitted (type=extra_forbidden)"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        # www.alibabacloud.com/help/en/model-studio/developer-reference/error-code
        (400, error("Please make sure your account is in good standing.", "Arrearage"), FaultType.PROVIDER_UNAVAILABLE),
        (400, error("It may be inappropriate.", "DataInspectionFailed"), FaultType.CONTENT_POLICY_VIOLATION),
        (400, error("Range of input length should be [1, 129024]"), FaultType.CONTEXT_LENGTH_EXCEEDED),
        (400, error(NOT_STREAMED, "InvalidParameter"), FaultType.INVALID_REQUEST),
        (400, error("This model only support stream mode, please enable it"), FaultType.INVALID_REQUEST),
        # github.com/ErlichLiu/DeepClaude/issues/111, github.com/666ghj/BettaFish/issues/252
        (400, {"code": 20012, "message": "Model does not exist. Please check it carefully."}, FaultType.NOT_FOUND),
        (400, error("Model Not Exist", "invalid_request_error"), FaultType.NOT_FOUND),
        # github.com/NVIDIA/garak/issues/748, github.com/sipeed/picoclaw/issues/1019
        (422, {"title": "Unprocessable Entity", "status": 422, "detail": EXTRA}, FaultType.INVALID_REQUEST),
        (400, {"error": "[{'type': 'extra_forbidden', 'loc': ('body', 'user')}]"}, FaultType.INVALID_REQUEST),
    ],
)
def test_their_own_words_for_what_went_wrong_let_the_next_endpoint_try(status, body, kind):
    fault = faults.classify(status, lambda name: None, json.dumps(body).encode(), now=0)
    assert (fault.type, fault.next_endpoint) == (kind, True)


def test_what_is_plainly_the_caller_s_mistake_stays_that():
    body = json.dumps(error("top_p is out of range", "invalid_parameter_error")).encode()
    fault = faults.classify(400, lambda name: None, body, now=0)
    assert (fault.type, fault.next_endpoint) == (FaultType.INVALID_REQUEST, False)
