"""What is derived where a row says nothing, and what a row says for itself (spec 2.2, 2.13, 4.2)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.server.domain.fixture import endpoint, fact, latest, model, price, row, snapshot
from trunkline.server.domain.catalog import wire
from trunkline.server.domain.catalog.facts import Fact, Kind

REQUIRED = {
    "id", "canonical_slug", "name", "created", "pricing", "context_length", "architecture", "top_provider",
    "per_request_limits", "supported_parameters", "default_parameters", "supported_voices", "links",
}  # fmt: skip


def shown(*facts: Fact) -> dict[str, Any]:
    """Build facts and return the object of the first of them."""
    return row(snapshot(facts), facts[0].key)


def test_a_row_that_states_little_gets_every_required_field_and_no_other():
    derived = shown(model("a/b:free"))
    assert derived == {
        "id": "a/b:free",
        "canonical_slug": "a/b",
        "name": "a/b:free",
        "created": 0,
        "context_length": None,
        "architecture": {
            "modality": "text->text",
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {"prompt": "-1", "completion": "-1"},
        "top_provider": {"context_length": None, "max_completion_tokens": None, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": [],
        "default_parameters": None,
        "supported_voices": None,
        "links": {"details": "/api/v1/models/a/b/endpoints"},
    }
    assert derived.keys() == REQUIRED


def test_a_whole_row_is_served_in_the_very_bytes_of_its_source():
    stated = {**shown(model("a/b")), "x_future": {"deep": [1.50, None, "ü"]}, "pricing": price("0.10", "1.0", x="y")}
    body = msgspec.json.format(msgspec.json.encode(stated), indent=3).replace(b"1.5", b"1.50")
    of = snapshot([fact(Kind.MODEL, "a/b", body)])
    assert of.rows[0].body == body


def test_unknown_fields_survive_where_others_are_derived():
    more = {"x_future": [1, {"y": None}], "architecture": {"x_shape": "MoE"}, "pricing": price("1", "2", x_price="3")}
    derived = shown(model("a/b", **more))
    assert derived["x_future"] == [1, {"y": None}]
    assert derived["architecture"]["x_shape"] == "MoE"
    assert derived["pricing"] == {"prompt": "1", "completion": "2", "x_price": "3"}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"modality": "text+image->text"}, ("text+image->text", ["text", "image"], ["text"])),
        ({"modality": "text->embeddings"}, ("text->embeddings", ["text"], ["embeddings"])),
        ({"modality": None}, (None, ["text"], ["text"])),
        ({"modality": ""}, ("", ["text"], ["text"])),
        ({"modality": "odd"}, ("odd", ["odd"], ["text"])),
        (
            {"input_modalities": ["audio", "text", "file"]},
            ("text+file+audio->text", ["audio", "text", "file"], ["text"]),
        ),
        ({"input_modalities": ["smell", "text"]}, ("text+smell->text", ["smell", "text"], ["text"])),
        ({"output_modalities": ["text", "image"]}, ("text->text+image", ["text"], ["text", "image"])),
        ({"input_modalities": None, "tokenizer": None}, ("text->text", ["text"], ["text"])),
        ({}, ("text->text", ["text"], ["text"])),
    ],
)
def test_modalities_are_derived_from_one_another(stated: dict[str, Any], expected: tuple[Any, ...]):
    architecture = shown(model("a/b", architecture=stated))["architecture"]
    assert (architecture["modality"], architecture["input_modalities"], architecture["output_modalities"]) == expected


def test_price_and_limits_are_those_of_the_cheapest_healthy_endpoint():
    derived = shown(
        model("a/b"),
        endpoint("a/b", "down", pricing=price("0", "0"), status=-2, context_length=1),
        endpoint("a/b", "dear", pricing=price("3", "3"), context_length=2),
        endpoint("a/b", "cheap", pricing=price("1", "2"), context_length=3, max_completion_tokens=4),
        endpoint("a/b", "unpriced", context_length=5),
    )
    assert derived["pricing"] == price("1", "2")
    assert derived["context_length"] == 3
    assert derived["top_provider"] == {"context_length": 3, "max_completion_tokens": 4, "is_moderated": False}


def test_the_first_of_equally_cheap_endpoints_is_the_top_one():
    offers = [endpoint("a/b", tag, pricing=price("1", "2"), context_length=size) for tag, size in (("x", 7), ("a", 8))]
    assert shown(model("a/b"), *offers)["context_length"] == 7


def test_an_endpoint_without_a_price_never_makes_a_model_free():
    assert shown(model("a/b"), endpoint("a/b", "p"))["pricing"] == price("-1", "-1")


def test_what_a_row_states_wins_over_its_endpoints():
    derived = shown(
        model(
            "a/b",
            pricing=price("9", "9"),
            context_length=None,
            supported_parameters=["seed"],
            top_provider={"is_moderated": True, "context_length": 10},
        ),
        endpoint("a/b", "p", pricing=price("1", "1"), context_length=5, supported_parameters=["tools"]),
    )
    assert derived["pricing"] == price("9", "9")
    assert derived["context_length"] is None
    assert derived["supported_parameters"] == ["seed"]
    assert derived["top_provider"] == {"is_moderated": True, "context_length": 10, "max_completion_tokens": None}


def test_supported_parameters_are_the_union_over_the_endpoints():
    derived = shown(
        model("a/b"),
        endpoint("a/b", "p", supported_parameters=["tools", "seed"]),
        endpoint("a/b", "q", supported_parameters=["seed", "future"]),
        endpoint("a/b", "r"),
    )
    assert derived["supported_parameters"] == ["future", "seed", "tools"]


def test_the_link_leads_to_the_canonical_slug():
    assert shown(model("a/b:free", canonical_slug="a/b-1"))["links"]["details"] == "/api/v1/models/a/b-1/endpoints"


def test_a_model_without_a_date_has_the_day_it_was_first_listed():
    assert shown(model("a/b", {"first_listed": 1_700_000_000}))["created"] == 1_700_000_000
    assert shown(model("a/b", {"first_listed": 1_700_000_000}, created=5))["created"] == 5


def test_null_means_not_stated_where_the_api_has_no_null():
    nulls = {"canonical_slug": None, "created": None, "pricing": {"prompt": "1", "completion": None, "request": None}}
    derived = shown(model("a/b", benchmarks=None, reasoning=None, top_provider=None, links=None, **nulls))
    assert derived["canonical_slug"] == "a/b"
    assert derived["pricing"] == price("1", "-1")
    assert {"benchmarks", "reasoning"}.isdisjoint(derived)
    assert derived["top_provider"]["is_moderated"] is False


def test_null_is_kept_where_the_api_has_null():
    kept = {"hugging_face_id": None, "knowledge_cutoff": None, "description": None, "x_future": None}
    assert kept.items() <= shown(model("a/b", **kept)).items()


def test_every_derived_row_satisfies_the_api_s_types():
    for facts in ([model("a/b")], [model("a/b"), endpoint("a/b", "p")], [model("a/b", architecture={"modality": "x"})]):
        msgspec.json.decode(snapshot(facts).rows[0].body, type=wire.Model)


def test_a_latest_row_states_its_own_fields_over_its_target_s():
    target = model(
        "a/b", created=5, description="Target.", pricing=price("1", "2"), context_length=9, hugging_face_id="x/y",
        x_future=1,
    )  # fmt: skip
    facts = [target, latest("~a/b-latest", "a/b", name="Newest", pricing=price("3", "4"))]
    own = row(snapshot(facts), "~a/b-latest")
    assert own["name"] == "Newest"
    assert own["pricing"] == price("3", "4")
    assert own["created"] == 5, "nothing else is known of when it was listed"
    assert own["context_length"] == 9
    assert own["hugging_face_id"] == "x/y"
    assert own["x_future"] == 1
    assert "description" not in own
    assert own["links"] == {"details": "/api/v1/models/~a/b-latest/endpoints"}
    assert own["alias_target"] == {"slug": "a/b", "name": "a/b"}


def test_a_latest_row_takes_its_target_s_tags_and_may_have_its_own():
    notes = {"categories": ["legal"], "distillable": True}
    of = snapshot([model("a/b", notes), latest("~a/b-latest", "a/b")])
    assert of.find("~a/b-latest").notes == notes
