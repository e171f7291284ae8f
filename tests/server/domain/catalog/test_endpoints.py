"""Endpoints completed from their model and provider (spec 2.7, 5.1)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.server.domain.fixture import endpoint, fact, model, price, provider, snapshot
from trunkline.server.domain.catalog import wire_endpoint
from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.facts import Fact, Kind


def only(*facts: Fact) -> Endpoint:
    """Build facts, model first, and return the only endpoint of the model."""
    (found,) = snapshot(facts).find(facts[0].key).endpoints
    return found


def test_an_endpoint_that_states_nothing_gets_every_required_field():
    derived = only(
        model("a/b", canonical_slug="a/b-1", name="A: B", context_length=9, supported_parameters=["tool_choice"]),
        endpoint("a/b", "acme"),
        provider("acme", "Acme Inc"),
    )
    assert derived.wire == {
        "name": "Acme Inc | a/b | acme",
        "model_id": "a/b-1",
        "model_name": "A: B",
        "context_length": 9,
        "pricing": price("-1", "-1"),
        "provider_name": "Acme Inc",
        "tag": "acme",
        "quantization": "unknown",
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "supported_parameters": ["tool_choice"],
        "status": 0,
        "uptime_last_5m": None,
        "uptime_last_30m": None,
        "uptime_last_1d": None,
        "supports_implicit_caching": False,
        "latency_last_30m": None,
        "throughput_last_30m": None,
        "native_tools": {},
        "service_tier": None,
        "supports_diarization": False,
        "supports_tool_choice": {"auto": True, "none": True, "required": True, "function": True},
    }
    msgspec.convert(derived.wire, wire_endpoint.PublicEndpoint)


def test_what_an_endpoint_states_is_kept_with_fields_nobody_has_heard_of():
    stated: dict[str, Any] = {"status": -2, "quantization": None, "context_length": 5, "name": "X", "x_future": [1.5]}
    assert stated.items() <= only(model("a/b", context_length=9), endpoint("a/b", "p", **stated)).wire.items()


def test_null_means_not_stated_where_an_endpoint_has_no_null():
    nulls = {
        "context_length": None,
        "pricing": None,
        "supported_parameters": None,
        "native_tools": None,
        "status": None,
    }
    wire = only(model("a/b", context_length=9, supported_parameters=["seed"]), endpoint("a/b", "p", **nulls)).wire
    assert (wire["context_length"], wire["pricing"], wire["supported_parameters"]) == (9, price("-1", "-1"), ["seed"])


def test_a_model_of_unknown_context_has_endpoints_of_no_context():
    assert only(model("a/b"), endpoint("a/b", "p")).wire["context_length"] == 0


def test_equal_tags_make_names_of_their_own():
    of = snapshot([model("a/b"), *(endpoint("a/b", "p/x", number) for number in range(3))])
    names = [found.wire["name"] for found in of.find("a/b").endpoints]
    assert names == ["p | a/b | p/x", "p | a/b | p/x #2", "p | a/b | p/x #3"]


@pytest.mark.parametrize(
    ("wire", "notes", "slug"),
    [
        ({"tag": "google-vertex/europe"}, {}, "google-vertex"),
        ({"tag": "google-vertex/global/flex", "provider_name": "Azure"}, {}, "google-vertex"),
        ({"tag": "nobody-knows"}, {}, "nobody-knows"),
        ({"provider_name": "Google"}, {}, "google-vertex"),
        ({"provider_name": "GOOGLE"}, {}, "google-vertex"),
        ({"provider_name": "Some New Cloud"}, {}, "some-new-cloud"),
        ({"provider_name": "Azure"}, {"provider": "google"}, "google-vertex"),
    ],
)
def test_the_provider_is_named_by_the_tag_else_by_its_display_name(wire: dict[str, Any], notes: Any, slug: str):
    facts = [model("a/b"), fact(Kind.ENDPOINT, "a/b x 0", wire, notes), provider("google-vertex", "Google")]
    assert only(*facts).provider == slug


def test_two_providers_of_one_name_are_told_apart_by_slug_whatever_their_order():
    rows = [provider("one", "Same"), provider("two", "Same")]
    stated = [model("a/b"), fact(Kind.ENDPOINT, "a/b x 0", {"provider_name": "Same"})]
    assert only(*stated, *rows).provider == only(*stated, *rows[::-1]).provider == "one"


POLICY = {"training": False, "retains": True, "publishes": False}


@pytest.mark.parametrize(
    ("default", "own", "zdr"),
    [
        (POLICY, {}, False),
        (POLICY, {"retains": False}, True),
        (POLICY, {"retention_days": 0}, True),
        (POLICY, {"retention_days": 0, "training": True}, False),
        ({"training": False, "retention_days": 0}, {}, True),
        ({"training": False, "retention_days": 0}, {"retention_days": 30}, False),
        ({"training": False, "retention_days": 0}, {"retains": True}, False),
        ({"training": False, "retention_days": 30}, {"retains": False}, True),
        ({"training": False, "retains": False}, {"retention_days": 30}, False),
        ({"training": False, "retains": False}, {"retention_days": None}, False),
        ({"training": False, "retains": False}, {"training": None}, False),
        ({}, {"training": False, "retains": False}, True),
        ({}, {}, False),
    ],
)
def test_an_endpoint_s_own_policy_beats_its_provider_s(default: dict[str, Any], own: dict[str, Any], zdr: bool):
    found = only(
        model("a/b"), endpoint("a/b", "p", 0, {"data_policy": own}), provider("p", "P", {"data_policy": default})
    )
    assert found.zdr is zdr


@pytest.mark.parametrize(
    ("notes", "regions"),
    [({}, ("eu", "us")), ({"regions": None}, ("eu", "us")), ({"regions": ["us"]}, ("us",)), ({"regions": []}, ())],
)
def test_an_endpoint_s_own_regions_beat_its_provider_s_even_when_it_has_none(notes: Any, regions: tuple[str, ...]):
    found = only(model("a/b"), endpoint("a/b", "p", 0, notes), provider("p", "P", {"regions": ["eu", "us"]}))
    assert found.regions == regions


def test_a_provider_nobody_describes_is_known_to_do_the_worst():
    found = only(model("a/b"), endpoint("a/b", "p"))
    assert (found.zdr, found.regions, found.wire["provider_name"]) == (False, (), "p")


def test_endpoints_keep_the_order_of_their_source():
    tags = ["z", "a", "m/x", "a/b"]
    of = snapshot([model("a/b"), *(endpoint("a/b", tag) for tag in tags)])
    assert [found.wire["tag"] for found in of.find("a/b").endpoints] == tags


def test_an_endpoint_serves_its_own_model_and_not_the_latest_row_above_it():
    found = only(model("a/b"), endpoint("a/b", "p"))
    assert found.serves("a/b")
    assert not found.serves("~a/b-latest")
    assert not found.serves("a/b:free")


def test_a_variant_has_its_own_endpoints_only():
    of = snapshot([model("a/b"), model("a/b:free"), endpoint("a/b", "p"), endpoint("a/b:free", "q")])
    assert [found.provider for found in of.find("a/b:free").endpoints] == ["q"]
    assert [found.provider for found in of.find("a/b").endpoints] == ["p"]


def test_providers_are_listed_by_name_with_what_the_api_requires():
    of = snapshot([provider("z", "alpha"), provider("y", "Beta", datacenters=["DE"]), provider("x", "alpha")])
    assert [row["slug"] for row in of.providers] == ["x", "z", "y"]
    assert of.providers[2] == {"slug": "y", "name": "Beta", "privacy_policy_url": None, "datacenters": ["DE"]}


def offering(listed: list[str], **notes: Any) -> Endpoint:
    """Return an endpoint whose source lists these parameters."""
    return only(model("a/b"), endpoint("a/b", "p", supported_parameters=listed, notes=notes), provider("p"))


def test_a_parameter_that_a_full_list_leaves_out_is_refused():
    assert offering(["tools"]).refuses("seed")
    assert not offering(["tools"]).refuses("tool_choice", "tools")
    assert not offering([]).refuses("seed")


def test_a_list_of_what_is_proven_is_silent_on_what_its_source_does_not_judge():
    proven = offering(["max_tokens"], parameters="proven")
    assert not proven.refuses("seed")
    assert not proven.refuses("stop")
    assert proven.refuses("tools")
    assert proven.refuses("temperature")
