"""What makes no row is left out, and the problem names its row and field; the rest is served."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.domain.fixture import alias, built, endpoint, fact, ids, latest, model, price, provider
from trunkline.server.domain.catalog.facts import Fact, Kind

GOOD = [model("a/good", created=1), endpoint("a/good", "p"), provider("p"), alias("a/old", "a/good")]
ARENA = {"arena": "x", "category": "y", "elo": 1, "win_rate": 1, "rank": 1}


def problems_of(*facts: Fact) -> list[tuple[str, str]]:
    """Build facts beside good ones, which must come through whole, and return the rows and fields of the problems."""
    of, problems = built([*GOOD, *facts])
    assert of.find("a/old").id == "a/good"
    assert [found.provider for found in of.find("a/good").endpoints][:1] == ["p"]
    assert {"slug": "p", "name": "p", "privacy_policy_url": None} in of.providers
    assert all(problem.message and problem.fatal for problem in problems)
    return [(problem.row, problem.field) for problem in problems]


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({"id": 5}, "id"),
        ({"id": "a/other"}, "id"),
        ({"canonical_slug": ["a/b"]}, "canonical_slug"),
        ({"canonical_slug": "A/B"}, "canonical_slug"),
        ({"canonical_slug": "a/../b"}, "canonical_slug"),
        ({"name": 5}, "name"),
        ({"created": "2026"}, "created"),
        ({"created": 1.5}, "created"),
        ({"created": 8192.0}, "created"),
        ({"created": True}, "created"),
        ({"created": -1}, "created"),
        ({"created": 253_402_300_800}, "created"),
        ({"created": 10**30}, "created"),
        ({"context_length": 8192.5}, "context_length"),
        ({"context_length": "8192"}, "context_length"),
        ({"context_length": -1}, "context_length"),
        ({"description": 5}, "description"),
        ({"pricing": []}, "pricing"),
        ({"pricing": "free"}, "pricing"),
        ({"pricing": {"prompt": 5, "completion": "1"}}, "pricing.prompt"),
        ({"pricing": {"prompt": 0.5}}, "pricing.prompt"),
        ({"pricing": price("1", "1e-6")}, "pricing.completion"),
        ({"pricing": price("NaN", "1")}, "pricing.prompt"),
        ({"pricing": price("-2", "1")}, "pricing.prompt"),
        ({"pricing": price("", "1")}, "pricing.prompt"),
        ({"pricing": price("1\n", "1")}, "pricing.prompt"),
        ({"pricing": price(" 1", "1")}, "pricing.prompt"),
        ({"pricing": price("٣", "1")}, "pricing.prompt"),
        ({"pricing": price("9" * 2_000_000, "1")}, "pricing.prompt"),
        ({"pricing": price("1", "1", web_search="x")}, "pricing.web_search"),
        ({"pricing": price("1", "1", discount="0.1")}, "pricing.discount"),
        ({"pricing": price("1", "1", discount=1.1)}, "pricing.discount"),
        ({"pricing": price("1", "1", discount=-0.1)}, "pricing.discount"),
        ({"pricing": price("1", "1", overrides={})}, "pricing.overrides"),
        ({"pricing": price("1", "1", overrides=[5])}, "pricing.overrides[0]"),
        ({"pricing": price("1", "1", overrides=[{}, {"utc_start": 2500}])}, "pricing.overrides[1].utc_start"),
        ({"pricing": price("1", "1", overrides=[{"utc_start": -1}])}, "pricing.overrides[0].utc_start"),
        ({"pricing": price("1", "1", overrides=[{"utc_end": "1000"}])}, "pricing.overrides[0].utc_end"),
        ({"pricing": price("1", "1", overrides=[{"utc_end": 1275}])}, "pricing.overrides[0]"),
        ({"pricing": price("1", "1", overrides=[{"utc_start": 2460}])}, "pricing.overrides[0].utc_start"),
        ({"pricing": price("1", "1", overrides=[{"utc_days": "monday"}])}, "pricing.overrides[0].utc_days"),
        ({"pricing": price("1", "1", overrides=[{"utc_days": ["caturday"]}])}, "pricing.overrides[0]"),
        ({"pricing": price("1", "1", overrides=[{"utc_days": [None]}])}, "pricing.overrides[0].utc_days[0]"),
        (
            {"pricing": price("1", "1", overrides=[{"min_prompt_tokens": "x"}])},
            "pricing.overrides[0].min_prompt_tokens",
        ),
        ({"pricing": price("1", "1", overrides=[{"prompt": 1}])}, "pricing.overrides[0].prompt"),
        ({"architecture": "text->text"}, "architecture"),
        ({"architecture": {"modality": 5}}, "architecture.modality"),
        ({"architecture": {"input_modalities": "text"}}, "architecture.input_modalities"),
        ({"architecture": {"input_modalities": [["text"]]}}, "architecture.input_modalities[0]"),
        ({"architecture": {"output_modalities": {"text": 1}}}, "architecture.output_modalities"),
        ({"architecture": {"tokenizer": []}}, "architecture.tokenizer"),
        ({"top_provider": "p"}, "top_provider"),
        ({"top_provider": {"is_moderated": "no"}}, "top_provider.is_moderated"),
        ({"top_provider": {"context_length": "9"}}, "top_provider.context_length"),
        ({"supported_parameters": "tools"}, "supported_parameters"),
        ({"supported_parameters": ["tools", {}]}, "supported_parameters[1]"),
        ({"per_request_limits": {"prompt_tokens": 1}}, "per_request_limits"),
        ({"default_parameters": {"top_k": 1.5}}, "default_parameters.top_k"),
        ({"supported_voices": [1]}, "supported_voices[0]"),
        ({"links": "x"}, "links"),
        ({"links": {"details": 5}}, "links.details"),
        ({"benchmarks": {"design_arena": [{**ARENA, "elo": "1"}]}}, "benchmarks.design_arena[0].elo"),
        ({"benchmarks": {"design_arena": {}}}, "benchmarks.design_arena"),
        ({"benchmarks": {"artificial_analysis": {}}}, "benchmarks.artificial_analysis"),
        ({"benchmarks": {}}, "benchmarks"),
        (
            {"benchmarks": {"design_arena": [], "artificial_analysis": {"intelligence_index": "71"}}},
            "benchmarks.artificial_analysis.intelligence_index",
        ),
        ({"reasoning": {"mandatory": 1}}, "reasoning.mandatory"),
        ({"reasoning": {"mandatory": True, "supported_efforts": "high"}}, "reasoning.supported_efforts"),
    ],
)
def test_a_wrong_field_of_a_model_is_named(wire: dict[str, Any], field: str):
    assert problems_of(model("a/bad", **wire)) == [("a/bad", field)]


@pytest.mark.parametrize(
    ("notes", "field"),
    [
        ({"categories": "legal"}, "categories"),
        ({"categories": [5]}, "categories[0]"),
        ({"distillable": "true"}, "distillable"),
        ({"hidden": 1}, "hidden"),
        ({"first_listed": "today"}, "first_listed"),
        ([], ""),
    ],
)
def test_a_wrong_note_of_a_model_is_named(notes: Any, field: str):
    assert problems_of(Fact(Kind.MODEL, "a/bad", b'{"name":"x"}', fact(Kind.MODEL, "", notes).wire)) == [
        ("a/bad", field)
    ]


@pytest.mark.parametrize(
    ("wire", "notes", "field"),
    [
        ({"tag": 5}, {}, "tag"),
        ({"provider_name": ["x"]}, {}, "provider_name"),
        ({"pricing": "free"}, {}, "pricing"),
        ({"pricing": {"prompt": "1"}}, {}, "pricing"),
        ({"pricing": price("abc", "1")}, {}, "pricing.prompt"),
        ({"pricing": price("1", "1", overrides=[{"utc_start": "x"}])}, {}, "pricing.overrides[0].utc_start"),
        ({"status": "down"}, {}, "status"),
        ({"context_length": "x"}, {}, "context_length"),
        ({"supported_parameters": 5}, {}, "supported_parameters"),
        ({"uptime_last_1d": 101}, {}, "uptime_last_1d"),
        ({"supports_tool_choice": {"auto": True}}, {}, "supports_tool_choice"),
        ({"latency_last_30m": {"p50": 1}}, {}, "latency_last_30m"),
        ({"native_tools": []}, {}, "native_tools"),
        ({}, {"data_policy": "strict"}, "data_policy"),
        ({}, {"data_policy": {"training": "no"}}, "data_policy.training"),
        ({}, {"data_policy": {"retention_days": 0.5}}, "data_policy.retention_days"),
        ({}, {"regions": "eu"}, "regions"),
        ({}, {"regions": [["eu"]]}, "regions[0]"),
    ],
)
def test_a_wrong_field_of_an_endpoint_is_named_and_its_model_stays(wire: Any, notes: Any, field: str):
    assert problems_of(fact(Kind.ENDPOINT, "a/good bad 0", wire, notes)) == [("a/good bad 0", field)]


@pytest.mark.parametrize("key", ["", "a/good", "a/good p", "a/good p x", "a/good p -1", "a/good p ²", "a/good p 1.0"])
def test_an_endpoint_s_key_that_is_none_is_named(key: str):
    assert problems_of(fact(Kind.ENDPOINT, key, {"tag": "p"})) == [(key, "")]


@pytest.mark.parametrize(
    ("wire", "notes", "field"),
    [
        ({"name": 5}, {}, "name"),
        ({"slug": "other"}, {}, "slug"),
        ({"slug": 5}, {}, "slug"),
        ({"datacenters": "DE"}, {}, "datacenters"),
        ({"privacy_policy_url": 5}, {}, "privacy_policy_url"),
        ({}, {"regions": 5}, "regions"),
        ({}, {"data_policy": []}, "data_policy"),
    ],
)
def test_a_wrong_field_of_a_provider_is_named(wire: Any, notes: Any, field: str):
    assert problems_of(fact(Kind.PROVIDER, "bad", wire, notes)) == [("bad", field)]


@pytest.mark.parametrize(
    ("wire", "field"), [({"target": 5}, "target"), ({}, ""), ([], ""), ({"target": None}, "target"), (b"\xff", "")]
)
def test_a_wrong_alias_is_named(wire: Any, field: str):
    assert problems_of(fact(Kind.ALIAS, "a/bad", wire)) == [("a/bad", field)]


@pytest.mark.parametrize("key", ["", "bad", "A/B", "a/b/c", "a%2Fb", "../x", "a/\u212a", "a/b "])
def test_an_alias_that_nobody_could_ask_for_is_named(key: str):
    assert problems_of(alias(key, "a/good")) == [(key, "")]


@pytest.mark.parametrize("wire", [{"slug": []}, {"slug": 5}, "a/good", [], 5])
def test_a_wrong_target_of_a_latest_row_is_named(wire: Any):
    ((row, field),) = problems_of(model("~a/latest", alias_target=wire))
    assert row == "~a/latest"
    assert field in {"alias_target", "alias_target.slug"}


def test_a_latest_row_s_own_wrong_field_is_named_and_its_target_stays():
    assert problems_of(latest("~a/latest", "a/good", created="x")) == [("~a/latest", "created")]
    assert problems_of(latest("~a/latest", "a/good", id="a/good")) == [("~a/latest", "id")]


def test_a_latest_row_of_a_model_that_is_left_out_is_not_listed():
    of, problems = built([model("a/bad", name=5), latest("~a/latest", "a/bad")])
    assert ids(of) == []
    assert [problem.row for problem in problems] == ["a/bad"]
    assert of.warnings == ("~a/latest is not listed: it names no model of this catalogue",)


def test_the_word_alias_target_elsewhere_in_a_row_makes_no_latest_row():
    quoted = model(
        "a/b", description='has "alias_target": {"slug": "x"} in it', x_future={"alias_target": {"slug": "x"}}
    )
    of, problems = built([quoted])
    assert problems == ()
    assert ids(of) == ["a/b"]


def test_endpoints_of_a_wrong_model_and_of_none_are_silent():
    of, problems = built([model("a/bad", name=5), endpoint("a/bad", "p"), endpoint("a/none", "p")])
    assert [problem.row for problem in problems] == ["a/bad"]
    assert ids(of) == []


def test_a_wrong_endpoint_s_price_is_no_price_of_the_model():
    of, problems = built([model("a/b"), endpoint("a/b", "p", pricing=price("0", "free"))])
    assert [problem.row for problem in problems] == ["a/b p 0"]
    assert of.rows[0].decode()["pricing"] == price("-1", "-1")


def test_several_wrong_rows_are_all_named():
    wrong = [model("a/x", name=5), model("a/y", created=None, pricing=5), endpoint("a/good", "q", status="x")]
    assert sorted(problems_of(*wrong)) == [("a/good q 0", "status"), ("a/x", "name"), ("a/y", "pricing")]


def test_nothing_makes_an_empty_catalogue():
    of, problems = built([])
    assert (list(of.rows), problems, of.warnings, list(of.providers)) == ([], (), (), [])
    assert of.find("a/b") is None
    assert of.at(10.0**10) is of


def test_huge_whole_numbers_within_bounds_are_kept_exactly():
    of, problems = built([model("a/b", context_length=10**30, created=253_402_300_799)])
    assert problems == ()
    assert of.rows[0].decode()["context_length"] == 10**30
    assert b"1000000000000000000000000000000" in of.rows[0].body
