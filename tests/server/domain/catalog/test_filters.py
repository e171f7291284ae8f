"""The filters, on the fixture of the conformance cases and on rows made for one question (spec 1.3, cases 1 to 39)."""

from __future__ import annotations

import pytest

from tests.server.domain.fixture import (
    CATALOGUE_ORDER,
    NOW,
    RETAINS,
    STRICT,
    conformance,
    endpoint,
    listed,
    model,
    names,
    price,
    provider,
    snapshot,
)
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.filters import FILTERS
from trunkline.server.errors import BadRequest

DAY = 86_400


def query_of(text: str) -> list[tuple[str, str]]:
    """Take `a=b&c=d` apart, without decoding."""
    pairs = []
    for part in text.split("&") if text else []:
        name, _, value = part.partition("=")
        pairs.append((name, value))
    return pairs


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", CATALOGUE_ORDER),
        ("output_modalities=embeddings", "M7"),
        ("output_modalities=image,embeddings", "M8 M7"),
        ("output_modalities=all", "M10 M3 M8 M2 M6 M4 M5 M7 M9 M1"),
        ("output_modalities=text,all", "M10 M3 M8 M2 M6 M4 M5 M7 M9 M1"),
        ("output_modalities=", CATALOGUE_ORDER),
        ("output_modalities=text&output_modalities=embeddings", "M10 M3 M8 M2 M6 M4 M5 M7 M9 M1"),
        ("output_modalities=decisions", ""),
        ("min_price=0.1&max_price=3", "M10 M3 M8 M2 M6 M4"),
        ("max_price=0", "M5"),
        ("max_price=-0", "M5"),
        ("min_price=0", "M10 M3 M8 M2 M6 M4 M5 M1"),
        ("min_price=5&max_price=1", ""),
        ("max_price=1e1", "M10 M3 M8 M2 M6 M4 M5"),
        ("max_price=10.0", "M10 M3 M8 M2 M6 M4 M5"),
        ("min_price=30&max_price=30", "M1"),
        ("min_price=30.0000000000000000000000000000000001", ""),
        ("min_output_price=15&max_output_price=60", "M10 M2 M1"),
        ("max_output_price=0.3", "M6 M4 M5"),
        ("context=131072", "M10 M3 M2 M6 M4 M9"),
        ("context=131073", "M10 M3 M2 M9"),
        ("context=99999999999999999999999999", ""),
        ("input_modalities=text,image", "M10 M3 M2"),
        ("input_modalities=file,image", "M10 M2"),
        ("input_modalities=video", ""),
        ("supported_parameters=tools,nonexistent", ""),
        ("supported_parameters=tools,temperature", "M10 M3 M2 M1"),
        ("supported_parameters=tools&supported_parameters=reasoning", "M10 M2"),
        ("supported_parameters=Tools", ""),
        ("arch=llama", "M4 M5"),
        ("arch=Llama3", "M4 M5"),
        ("arch=Llama2", ""),
        ("arch=lla", ""),
        ("arch=gpt,claude", "M10 M2 M6 M1"),
        ("arch=GP.", ""),
        ("model_authors=anthropic,google", "M10 M3 M8 M2"),
        ("model_authors=Anthropic", "M10 M2"),
        ("model_authors=~anthropic", ""),
        ("providers=Google", "M10 M3 M8 M2"),
        ("providers=Google AI Studio", "M3"),
        ("providers=google ai studio", "M3"),
        ("providers=google-vertex", "M10 M3 M8 M2"),
        ("providers=Goo", ""),
        ("providers=openai,azure", "M1"),
        ("providers=deepinfra", "M6 M4"),
        ("zdr=true", "M10 M3 M8 M2 M4 M1"),
        ("region=eu", "M10 M2 M1"),
        ("region=us", "M10 M3 M8 M2 M6 M4 M5 M1"),
        ("zdr=true&region=eu&providers=Google", "M10 M2"),
        ("zdr=true&region=us&providers=Google", "M3 M8"),
        ("zdr=true&providers=OpenAI", ""),
        ("zdr=true&providers=openai,azure", "M1"),
        ("distillable=true", "M4"),
        ("distillable=false", "M10 M3 M8 M2 M6 M5 M9 M1"),
        ("category=programming", "M4"),
        ("category=marketing/seo", "M4"),
        ("category=marketing", ""),
        ("q=GPT", "M6 M1"),
        ("q=", CATALOGUE_ORDER),
        ("q=sonnet 4.5", "M2"),
        ("q=4.5 SONNET sonnet", "M2"),
        ("q=~anthropic/", "M10"),
        ("q=(free)", "M5"),
        ("q=g%t", ""),
        ("min_intelligence_index=68", "M10 M3 M2"),
        ("max_intelligence_index=71.4", "M10 M3 M2"),
        ("min_intelligence_index=71.4", "M10 M2"),
        ("max_intelligence_index=71.39", "M3"),
        ("min_coding_index=63.2&max_coding_index=63.2", "M10 M2"),
        ("min_agentic_index=55.8&max_agentic_index=55.8", "M10 M2"),
        ("min_coding_index=0", "M10 M2"),
        ("min_tool_success_rate=0", ""),
        ("max_tool_success_rate=1", ""),
        ("use_rss=true&nonsense=1&zdr=true", "M10 M3 M8 M2 M4 M1"),
    ],
)
def test_the_fixture_is_filtered_as_the_cases_say(asked: str, expected: str):
    assert names(listed(conformance(), *query_of(asked))) == expected


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ("output_modalities=hologram", "output_modalities"),
        ("output_modalities=all,hologram", "output_modalities"),
        ("input_modalities=embeddings", "input_modalities"),
        ("input_modalities=all", "input_modalities"),
        ("category=gardening", "category"),
        ("category=programming,legal", "category"),
        ("category=", "category"),
        ("max_price=NaN", "max_price"),
        ("max_price=-1", "max_price"),
        ("max_price=1e999", "max_price"),
        ("min_price=Infinity", "min_price"),
        ("min_output_price=0x1", "min_output_price"),
        ("max_output_price=free", "max_output_price"),
        ("context=0", "context"),
        ("context=", "context"),
        ("context=1.5", "context"),
        ("context=-5", "context"),
        ("zdr=false", "zdr"),
        ("zdr=", "zdr"),
        ("zdr=TRUE", "zdr"),
        ("region=apac", "region"),
        ("region=EU", "region"),
        ("region=eu,us", "region"),
        ("distillable=yes", "distillable"),
        ("min_age_days=-1", "min_age_days"),
        ("max_age_days=1.5", "max_age_days"),
        ("min_intelligence_index=-0.1", "min_intelligence_index"),
        ("min_tool_success_rate=1.01", "min_tool_success_rate"),
        ("max_tool_success_rate=-0.01", "max_tool_success_rate"),
    ],
)
def test_a_wrong_value_is_a_bad_request_that_names_the_parameter(asked: str, wrong: str):
    with pytest.raises(BadRequest) as refused:
        listed(conformance(), *query_of(asked))
    assert [issue.path for issue in refused.value.issues] == [wrong]
    assert refused.value.message == "Invalid request parameters"


def test_every_wrong_parameter_is_named_at_once():
    with pytest.raises(BadRequest) as refused:
        listed(conformance(), *query_of("zdr=no&limit=0&region=apac&min_price=1"))
    assert [issue.path for issue in refused.value.issues] == ["zdr", "limit", "region"]


@pytest.mark.parametrize("name", [name for name in FILTERS if name.startswith(("min_", "max_"))])
def test_every_range_takes_an_empty_value_as_absent(name: str):
    assert names(listed(conformance(), (name, ""))) == CATALOGUE_ORDER


@pytest.mark.parametrize(
    "name", ["supported_parameters", "input_modalities", "q", "arch", "model_authors", "providers"]
)
def test_every_list_and_text_takes_an_empty_value_as_absent(name: str):
    assert names(listed(conformance(), (name, " , " if name != "q" else " "))) == CATALOGUE_ORDER


def test_of_a_repeated_scalar_the_last_value_counts():
    assert names(listed(conformance(), ("max_price", "NaN"), ("max_price", "0"))) == "M5"
    assert names(listed(conformance(), ("region", "us"), ("region", "eu"))) == "M10 M2 M1"


def test_a_distillable_model_and_the_others_make_up_the_list():
    of = conformance()
    yes, no = set(listed(of, ("distillable", "true"))), set(listed(of, ("distillable", "false")))
    assert not yes & no
    assert yes | no == set(listed(of))


def test_one_and_the_same_endpoint_must_satisfy_retention_region_and_provider():
    spread = [
        model("a/spread", created=1),
        endpoint("a/spread", "one", 0, {**STRICT, "regions": ["us"]}),
        endpoint("a/spread", "two", 0, {**RETAINS, "regions": ["eu"]}),
    ]
    of = snapshot(spread)
    assert (
        listed(of, ("zdr", "true")) == listed(of, ("region", "eu")) == listed(of, ("providers", "two")) == ["a/spread"]
    )
    assert listed(of, ("zdr", "true"), ("region", "eu")) == []
    assert listed(of, ("zdr", "true"), ("providers", "two")) == []
    assert listed(of, ("region", "eu"), ("providers", "one")) == []
    assert listed(of, ("region", "eu"), ("providers", "one,two")) == ["a/spread"]


def test_the_host_s_region_narrows_the_same_endpoints():
    of = conformance()
    assert listed(of, region="eu") == listed(of, ("region", "eu"))
    assert names(listed(of, region="us")) == "M10 M3 M8 M2 M6 M4 M5 M1", "a router is on no regional host"
    assert names(listed(of, ("region", "us"), region="eu")) == "M1", "only azure is in both"
    assert listed(of, ("region", "us"), ("zdr", "true"), ("providers", "openai"), region="eu") == []


@pytest.mark.parametrize(
    ("policy", "keeps_nothing"),
    [
        ({"training": False, "retention_days": 0}, True),
        ({"training": False, "retains": False}, True),
        ({"training": False, "retains": False, "retention_days": 0}, True),
        ({"training": False, "retains": False, "retention_days": None}, True),
        ({"training": False}, False),
        ({"retention_days": 0}, False),
        ({"training": None, "retention_days": 0}, False),
        ({"training": True, "retention_days": 0}, False),
        ({"training": False, "retention_days": 30}, False),
        ({"training": False, "retention_days": None}, False),
        ({"training": False, "retains": True, "retention_days": 0}, False),
        ({"training": False, "retains": False, "retention_days": 30}, False),
        ({}, False),
    ],
)
def test_only_what_is_stated_to_keep_nothing_is_zero_retention(policy: dict[str, object], keeps_nothing: bool):
    of = snapshot([model("a/b"), endpoint("a/b", "p", 0, {"data_policy": policy})])
    assert listed(of, ("zdr", "true")) == (["a/b"] if keeps_nothing else [])


@pytest.mark.parametrize(
    ("created", "lowest", "highest"),
    [
        (NOW, {"0"}, {"0", "29", "30"}),
        (NOW - 30 * DAY + 1, {"0", "29"}, {"29", "30"}),
        (NOW - 30 * DAY, {"0", "29", "30"}, {"30"}),
        (NOW - 31 * DAY + 1, {"0", "29", "30"}, {"30"}),
        (NOW - 31 * DAY, {"0", "29", "30"}, set()),
        (NOW + 1, set(), {"0", "29", "30"}),
    ],
)
def test_age_is_counted_in_whole_days(created: int, lowest: set[str], highest: set[str]):
    of = snapshot([model("a/b", created=created)])
    assert {days for days in ("0", "29", "30") if listed(of, ("min_age_days", days))} == lowest
    assert {days for days in ("0", "29", "30") if listed(of, ("max_age_days", days))} == highest


def test_only_ages_make_an_answer_change_with_time():
    ageing = {name for name in FILTERS if query.changes_with_time({name: 1})}
    assert ageing == {"min_age_days", "max_age_days"}


def test_a_family_covers_its_numbered_groups_and_nothing_else():
    groups = ["Llama2", "Llama4", "Llama", "Llama33", "Llama3x", "CodeLlama", "3Llama", "Qwen", "Qwen3", "4", ""]
    of = snapshot([model(f"a/m{n:02}", created=n, architecture={"tokenizer": group}) for n, group in enumerate(groups)])

    def groups_of(asked: str) -> set[str]:
        return {groups[int(model_id[-2:])] for model_id in listed(of, ("arch", asked))}

    assert groups_of("llama") == {"Llama2", "Llama4", "Llama", "Llama33"}
    assert groups_of("LLAMA3") == {"Llama33"}
    assert groups_of("qwen") == {"Qwen", "Qwen3"}
    assert groups_of("Qwen3") == {"Qwen3"}
    assert groups_of("[a-z]+") == set()


def test_an_unknown_price_lies_within_no_bounds():
    of = snapshot(
        [
            model("a/unstated"),
            model("a/half", pricing=price("-1", "0.000001")),
            model("a/known", pricing=price("0.000001", "0.000001")),
        ]
    )
    assert listed(of, ("min_price", "0")) == listed(of, ("max_price", "1e9")) == ["a/known"]
    assert listed(of, ("min_output_price", "0")) == ["a/half", "a/known"]


def test_prices_are_compared_as_decimals():
    of = snapshot([model("a/b", pricing=price("0.00000057", "0"))])
    assert 0.00000057 * 1e6 > 0.57, "where a float would be wrong"
    assert listed(of, ("min_price", "0.57"), ("max_price", "0.57")) == ["a/b"]
    assert listed(of, ("min_price", "0.57000000000000000000000000000000000000000000000000001")) == []
    assert listed(of, ("max_price", "0.56999999999999999999999999999999999999999999999999999")) == []


def test_an_endpoint_is_found_by_the_name_and_by_the_slug_of_its_provider():
    of = snapshot(
        [
            provider("google-vertex", "Google"),
            model("a/b"),
            endpoint("a/b", "google-vertex/europe"),
            model("a/c"),
            endpoint("a/c", "elsewhere", provider_name="Ünïcode Cloud"),
        ]
    )
    assert listed(of, ("providers", "GOOGLE")) == listed(of, ("providers", "Google-Vertex")) == ["a/b"]
    assert listed(of, ("providers", "google-vertex/europe")) == []
    assert listed(of, ("providers", "ÜNÏCODE CLOUD")) == ["a/c"]


def test_an_empty_catalogue_answers_every_filter():
    of = snapshot([])
    asked = "zdr=true&region=eu&providers=x&q=a&arch=b&min_price=0&max_age_days=1&distillable=false&category=legal"
    assert listed(of, *query_of(asked), region="us") == []
