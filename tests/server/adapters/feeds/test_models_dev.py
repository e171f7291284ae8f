"""models.dev comes in as models and endpoints with exact prices, in both shapes it is published in."""

import datetime as dt
import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from trunkline.server import bundle
from trunkline.server.adapters.feeds import models_dev
from trunkline.server.adapters.feeds.documents import decode
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.feeds.models_dev.matching import Index, Outcome
from trunkline.server.adapters.feeds.models_dev.models import last_day
from trunkline.server.adapters.feeds.models_dev.pricing import per_token, price_object
from trunkline.server.adapters.feeds.models_dev.rows import Tier, read_rows
from trunkline.server.domain.catalog.facts import Kind

PLAIN = re.compile(r"0|[1-9]\d*|(?:0|[1-9]\d*)\.\d*[1-9]")


def site(provider="openai", **model):
    """A document in the shape of models.dev's api.json: one model, listed by OpenRouter and one host."""
    row = {
        "name": "One",
        "limit": {"context": 1000, "output": 100},
        "modalities": {"input": ["text"], "output": ["text"]},
    }
    ours, theirs = row | {"id": "openai/one-1.5"} | model, row | {"id": "one-1-5"} | model
    return {
        "openrouter": {"id": "openrouter", "models": {ours["id"]: ours}},
        provider: {"id": provider, "models": {theirs["id"]: theirs}},
    }


def read(document):
    return models_dev.read(decode(json.dumps(document).encode(), "api.json"), "api.json", Known())


def wires(document, kind):
    return {fact.key: json.loads(fact.wire) for fact in read(document).facts if fact.kind is kind}


def only(document, kind=Kind.MODEL):
    [wire] = wires(document, kind).values()
    return wire


@pytest.mark.parametrize("name", ["data/modelsdev-2026-05-21.json", "data/modelsdev-2026-08-18.json"])
def test_both_published_shapes_are_read_in_full_and_without_a_problem(name):
    path = shared(name)
    document = decode(path.read_bytes(), path.name)
    assert models_dev.recognise(document)
    delivery = models_dev.read(document, path.name, Known())
    assert delivery.problems == ()
    assert delivery.replaces == {Kind.MODEL, Kind.ENDPOINT}
    assert sum(fact.kind is Kind.MODEL for fact in delivery.facts) > 340
    assert sum(fact.kind is Kind.ENDPOINT for fact in delivery.facts) > 800


@pytest.mark.parametrize("name", ["data/modelsdev-2026-05-21.json", "data/modelsdev-2026-08-18.json"])
def test_every_endpoint_price_is_the_price_of_its_row_to_the_last_digit(name):
    path = shared(name)
    raw = json.loads(path.read_bytes(), parse_float=Decimal)
    hosts = bundle.document()["rules"]["hosts"]
    stated = {}
    for provider, body in raw.get("providers", raw).items():
        for model in body["models"].values():
            cost = model.get("cost") or next(iter(model.get("cost_tiers") or ()), {})
            stated.setdefault((hosts.get(provider), model["id"]), set()).add((cost.get("input"), cost.get("output")))
    delivery = models_dev.read(decode(path.read_bytes(), path.name), path.name, Known())
    compared = 0
    for fact in delivery.facts:
        if fact.kind is not Kind.ENDPOINT:
            continue
        wire, notes = json.loads(fact.wire), json.loads(fact.notes)
        price = tuple(Decimal(wire["pricing"][name]) * 10**6 for name in ("prompt", "completion"))
        slug = wire["tag"].partition("/")[0]
        if Decimal(-(10**6)) in price:
            continue
        # A binary fraction's tail, 0.049999999999999996 for 0.05, is not part of any price.
        rounded = {
            tuple(round(Decimal(p), 9) for p in pair)
            for pair in stated[slug, notes["upstream_model"]]
            if None not in pair
        }
        assert price in rounded, (fact.key, price, rounded)
        compared += 1
    assert compared > 700


@pytest.mark.parametrize(
    "document", [{"data": [{"id": "a/b", "pricing": {}}]}, {"trunkline": 1, "models": {}}, {}, [], "x", None]
)
def test_documents_of_other_kinds_are_not_taken_for_it(document):
    assert not models_dev.recognise(document)


def test_a_model_and_its_host_become_a_row_and_an_endpoint():
    document = site(
        cost={"input": 2.5, "output": 10, "cache_read": 1.25, "cache_write": 3},
        tool_call=True,
        temperature=True,
        release_date="2024-05-13",
        knowledge="2024-02",
    )
    model = only(document)
    price = {"prompt": "0.0000025", "completion": "0.00001"}
    caches = {"input_cache_read": "0.00000125", "input_cache_write": "0.000003"}
    assert model["id"] == "openai/one-1.5"
    assert model["name"] == "OpenAI: One"
    assert model["pricing"] == price | caches
    assert model["supported_parameters"] == ["max_tokens", "temperature", "tool_choice", "tools"]
    assert model["created"] == 1715558400
    assert model["knowledge_cutoff"] == "2024-02-29"
    assert "reasoning" not in model
    [fact] = [fact for fact in read(document).facts if fact.kind is Kind.ENDPOINT]
    assert fact.key == "openai/one-1.5 openai 0"
    assert json.loads(fact.wire)["provider_name"] == "OpenAI"
    assert json.loads(fact.wire)["pricing"] == price | caches
    assert json.loads(fact.notes) == {"upstream_model": "one-1-5", "price_source": "api.json", "parameters": "proven"}


def test_prices_of_long_prompts_become_overrides_with_the_providers_own_threshold():
    tier = {"input": 5, "output": 22.5, "tier": {"type": "context", "size": 272000}}
    legacy = {"input": 5, "output": 22.5}
    cost = {"input": 2.5, "output": 15, "context_over_200k": legacy, "tiers": [tier]}
    override = {"min_prompt_tokens": 272000, "prompt": "0.000005", "completion": "0.0000225"}
    assert only(site(cost=cost))["pricing"]["overrides"] == [override]


def test_a_price_that_nobody_states_is_minus_one_and_never_zero():
    for cost in ({}, {"input": 0, "output": 0}, None):
        pricing = only(site(cost=cost))["pricing"]
        assert pricing == {"prompt": "-1", "completion": "-1"}


def test_zero_is_a_price_on_free_rows_only():
    document = site(cost={"input": 0, "output": 0})
    row = document["openrouter"]["models"].pop("openai/one-1.5")
    document["openrouter"]["models"]["openai/one-1.5:free"] = row | {"id": "openai/one-1.5:free"}
    model = only(document)
    assert model["pricing"] == {"prompt": "0", "completion": "0"}
    assert model["canonical_slug"] == "openai/one-1.5"


def test_a_model_costs_what_an_endpoint_asks_when_none_asks_the_hosted_services_price():
    document = site(cost={"input": 2, "output": 8})
    document["openrouter"]["models"]["openai/one-1.5"] |= {"cost": {"input": 1, "output": 4}}
    assert only(document)["pricing"]["prompt"] == "0.000002"


def test_a_row_that_is_not_built_as_documented_is_refused_and_the_others_stay():
    document = site(cost={"input": 1, "output": 2})
    document["openai"]["models"] |= {
        "bad": {"id": "bad", "name": "Bad", "cost": {"input": -1, "output": 2}},
        "worse": {"id": "worse", "name": "Worse", "limit": 7},
    }
    document["openrouter"]["models"]["no id"] = {"id": "No Id", "name": "x"}
    problems = read(document).problems
    assert {problem.row for problem in problems} == {"openai/bad", "openai/worse", "openrouter/No Id"}
    assert list(wires(document, Kind.MODEL)) == ["openai/one-1.5"]
    assert list(wires(document, Kind.ENDPOINT)) == ["openai/one-1.5 openai 0"]


def test_a_retired_offer_of_somebody_else_is_left_out():
    assert wires(site(provider="deepinfra", cost={"input": 1, "output": 2}), Kind.ENDPOINT)
    assert not wires(site(provider="deepinfra", cost={"input": 1, "output": 2}, status="deprecated"), Kind.ENDPOINT)


CATALOGUE = (
    "anthropic/claude-sonnet-4.5",
    "anthropic/claude-opus-4.8-fast",
    "deepseek/deepseek-chat",
    "deepseek/deepseek-v3.2",
    "google/gemma-3-27b-it",
    "meta-llama/llama-3.3-70b-instruct",
    "meta-llama/llama-3.3-70b-instruct:free",
    "mistralai/large",
    "openai/gpt-3.5-turbo",
    "openai/gpt-3.5-turbo-instruct",
    "openrouter/auto",
    "qwen/large",
    "qwen/qwen3-30b-a3b",
    "qwen/qwen3-235b-a22b-2507",
    "qwen/qwen3-235b-a22b-thinking-2507",
    "z-ai/glm-5.2",
    "~anthropic/claude-sonnet-latest",
)


@pytest.mark.parametrize(
    ("provider", "upstream", "model", "outcome"),
    [
        ("anthropic", "claude-sonnet-4-5", "anthropic/claude-sonnet-4.5", Outcome.EXACT),
        ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4.5", Outcome.DATED),
        ("google-vertex", "claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4.5", Outcome.DATED),
        (
            "amazon-bedrock",
            "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "anthropic/claude-sonnet-4.5",
            Outcome.DATED,
        ),
        ("amazon-bedrock", "meta.llama3-3-70b-instruct-v1:0", "meta-llama/llama-3.3-70b-instruct", Outcome.EXACT),
        ("fireworks-ai", "accounts/fireworks/models/glm-5p2", "z-ai/glm-5.2", Outcome.EXACT),
        ("cloudflare-workers-ai", "@cf/zai-org/glm-5.2", "z-ai/glm-5.2", Outcome.EXACT),
        ("chutes", "zai-org/GLM-5.2-TEE", "z-ai/glm-5.2", Outcome.EXACT),
        ("novita-ai", "qwen/qwen3-30b-a3b-fp8", "qwen/qwen3-30b-a3b", Outcome.EXACT),
        ("novita-ai", "qwen/qwen3-235b-a22b-instruct-2507", "qwen/qwen3-235b-a22b-2507", Outcome.INSTRUCT),
        ("openai", "gpt-3.5-turbo-instruct", "openai/gpt-3.5-turbo-instruct", Outcome.EXACT),
        # what is not the same model, or could be two
        ("nebius", "Qwen/Qwen3-235B-A22B-Thinking-2507-fast", None, Outcome.NONE),
        ("anthropic", "claude-sonnet-latest", None, Outcome.NONE),
        ("anthropic", "claude-opus-4-8", None, Outcome.NONE),
        ("vultr", "nvidia/DeepSeek-V3.2-NVFP4", None, Outcome.NONE),
        ("stackit", "cortecs/Llama-3.3-70B-Instruct", None, Outcome.NONE),
        ("morph", "auto", None, Outcome.NONE),
        ("venice", "large", None, Outcome.AMBIGUOUS),
        ("mistral", "large", "mistralai/large", Outcome.EXACT),
        # what people have decided
        ("deepseek", "deepseek-chat", None, Outcome.NONE),
        ("groq", "llama-3.3-70b-versatile", "meta-llama/llama-3.3-70b-instruct", Outcome.EXACT),
    ],
)
def test_a_providers_id_finds_the_model_that_it_is_or_none(provider, upstream, model, outcome):
    names = {"meta-llama/llama-3.3-70b-instruct": ["llama-3.3-70b-versatile"]}
    found = Index.of(CATALOGUE, names, {"deepseek/deepseek-chat": None}).find(provider, upstream)
    assert (found.model, found.outcome) == (model, outcome)


def test_an_id_tells_region_and_precision_where_it_names_them():
    index = Index.of(CATALOGUE)
    assert index.find("amazon-bedrock", "eu.anthropic.claude-sonnet-4-5").region == "eu"
    assert index.find("gmicloud", "zai-org/GLM-5.2-FP8").quantization == "fp8"
    assert index.find("openai", "gpt-3.5-turbo").quantization == "unknown"


@given(st.decimals(min_value=0, max_value=10**6, places=9))
def test_a_price_per_million_survives_the_way_to_a_token_exactly_and_in_plain_digits(price):
    text = per_token(price)
    assert PLAIN.fullmatch(text), text
    assert Decimal(text) * 10**6 == price


@given(
    st.dictionaries(st.sampled_from(["input", "output", "cache_read"]), st.sampled_from([Decimal(0), Decimal("0.5")]))
)
def test_without_a_free_row_no_price_is_ever_zero(prices):
    assert "0" not in price_object([Tier(0, prices)], free=False).values()


@given(st.dates(min_value=dt.date(2000, 1, 1)))
def test_a_month_ends_on_its_last_day_and_a_full_date_stays(date):
    completed = last_day(f"{date:%Y-%m}")
    assert last_day(date.isoformat()) == date.isoformat()
    assert completed is not None
    assert completed >= date.isoformat()
    assert completed.startswith(f"{date:%Y-%m}")


def test_a_years_knowledge_is_no_date():
    assert [last_day(text) for text in ("2024", "", None, "2024-13", "soon")] == [None] * 5


def test_rows_of_a_foreign_document_raise_when_nobody_collects_refusals():
    with pytest.raises(ValueError, match=r"models\.dev"):
        list(read_rows({"data": []}))
