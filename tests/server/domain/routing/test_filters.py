"""The hard filters and soft features one by one, and what a request is told when nothing is left (spec 3.3, 4.3)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.server.domain.fixture import RETAINS, provider
from tests.server.domain.routing.scene import (
    ABC,
    HELLO,
    TEXT,
    TOOLS,
    M,
    abc,
    account,
    dollars,
    guarded,
    key,
    offer,
    planned,
    pools,
    tags,
    text_model,
)
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.domain.routing.reasons import Reason

IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]}]
LONG = [{"role": "user", "content": "x" * 40_000}]
LONG_AS_IT_IS = {"messages": LONG, "transforms": []}
TRAINS = {"data_policy": {"training": True, "retains": False}}
PUBLISHES = {"data_policy": {"training": False, "retains": False, "publishes": True}}


def refused(of: Plan) -> Refusal:
    assert of.candidates == ()
    assert of.refusal is not None
    return of.refusal


def told(of: Plan) -> tuple[int, str, str | None, tuple[str, ...]]:
    """Return status, type, code and what it was excluded by."""
    refusal = refused(of)
    available = refusal.availability
    if available is None:
        return refusal.status, refusal.type.value, None, ()
    return refusal.status, refusal.type.value, available.code.value, available.excluded_by


@pytest.mark.parametrize(
    ("notes", "wire", "asked", "policy", "expected"),
    [
        ({}, {}, {"surface": Surface.EMBEDDINGS}, {}, (400, "invalid_request", "wrong_endpoint", ())),
        ({}, {}, {}, {"region": "eu"}, (404, "not_found", "constraint_filtered", ("data_region",))),
        ({}, {}, {}, {"credentials": frozenset({"x"})}, (404, "not_found", "no_endpoints", ())),
        ({}, {}, {"provider": {"only": ["x"]}}, {}, (404, "not_found", "no_endpoints", ("allowed_providers",))),
        ({}, {}, {"provider": {"ignore": ["Alpha"]}}, {}, (404, "not_found", "no_endpoints", ("allowed_providers",))),
        (
            {},
            {},
            {"provider": {"order": ["x"], "allow_fallbacks": False}},
            {},
            (404, "not_found", "no_endpoints", ("allowed_providers",)),
        ),
        (TRAINS, {}, {}, {}, (404, "not_found", "privacy_restricted", ("data_policy:training",))),
        (PUBLISHES, {}, {}, {}, (404, "not_found", "privacy_restricted", ("data_policy:training",))),
        (
            RETAINS,
            {},
            {"provider": {"data_collection": "deny"}},
            {},
            (404, "not_found", "privacy_restricted", ("data_policy:training",)),
        ),
        (RETAINS, {}, {"provider": {"zdr": True}}, {}, (404, "not_found", "privacy_restricted", ("data_policy:zdr",))),
        (
            {},
            {},
            {"provider": {"enforce_distillable_text": True}},
            {},
            (404, "not_found", "constraint_filtered", ()),
        ),
        (
            {},
            {"quantization": "fp8"},
            {"provider": {"quantizations": ["fp4"]}},
            {},
            (404, "not_found", "constraint_filtered", ("quantization",)),
        ),
        ({}, {}, {"messages": IMAGE}, {}, (404, "not_found", "constraint_filtered", ("require_parameters",))),
        (
            {},
            {"supported_parameters": ["seed"]},
            {"seed": 1, "top_k": 3, "provider": {"require_parameters": True}},
            {},
            (404, "not_found", "constraint_filtered", ("require_parameters",)),
        ),
        ({}, {"context_length": 8192}, LONG_AS_IT_IS, {}, (400, "context_length_exceeded", None, ())),
        (
            {},
            {},
            {"provider": {"max_price": {"completion": "0.9"}}},
            {},
            (404, "not_found", "constraint_filtered", ("max_price",)),
        ),
        ({}, {"pricing": {"prompt": "-1", "completion": "0"}}, {}, {}, (404, "not_found", "no_endpoints", ())),
        ({}, {"pricing": {"prompt": "0", "completion": "-1"}}, {}, {}, (404, "not_found", "no_endpoints", ())),
        ({}, {"service_tier": "flex"}, {}, {}, (404, "not_found", "no_endpoints", ())),
    ],
)  # fmt: skip
def test_each_filter_has_its_own_answer(notes: Any, wire: Any, asked: Any, policy: Any, expected: Any):
    own = {"notes": notes} if notes else {}
    assert (
        told(planned(pools(text_model(), offer("alpha", 1, **own, **wire)), policy=Policy(**policy), **asked))
        == expected
    )


def test_a_constraint_names_its_field_and_what_is_missing():
    image = refused(planned(abc(), messages=IMAGE)).availability
    assert image is not None
    assert msgspec.to_builtins(image.constraint) == {"field": "modalities", "detail": "image"}
    distillable = refused(planned(abc(), provider={"enforce_distillable_text": True})).availability
    assert distillable is not None
    assert msgspec.to_builtins(distillable.constraint) == {"field": "enforce_distillable_text"}


def test_empty_members_of_an_availability_are_not_sent():
    refusal = refused(planned(abc(), "acme/nope"))
    assert refusal.availability is not None
    assert list(msgspec.json.decode(msgspec.json.encode(refusal.availability))) == [
        "code",
        "retryable",
        "requested_models",
        "docs_url",
    ]


def test_the_filter_that_removed_the_last_endpoint_is_named():
    of = pools(text_model(), offer("alpha", 1, notes=TRAINS), offer("beta", 9))
    capped = planned(of, provider={"max_price": {"prompt": 5}})
    assert told(capped)[3] == ("max_price",)
    assert capped.removed == {key("alpha"): Reason.TRAINING, key("beta"): Reason.MAX_PRICE}
    assert refused(capped).availability.affected_providers == ("Beta",)
    assert told(planned(of, provider={"ignore": ["beta"]}))[3] == ("data_policy:training",)


def test_a_window_that_a_preference_took_away_is_the_preferences_fault():
    of = pools(text_model(), offer("alpha", 1, context_length=8192), offer("beta", 2))
    assert tags(planned(of, messages=LONG)) == ["beta"]
    for own in ({"ignore": ["beta"]}, {"only": ["alpha"]}, {"max_price": {"prompt": 1}}):
        narrowed = planned(of, messages=LONG, transforms=[], provider=own)
        expected = ("max_price",) if "max_price" in own else ("context_length",)
        assert told(narrowed) == (404, "not_found", "constraint_filtered", expected), own
    by_account = planned(of, messages=LONG, transforms=[], policy=account(ignored_providers=("beta",)))
    assert told(by_account) == (400, "context_length_exceeded", None, ())


def test_a_prompt_has_limits_of_its_own():
    of = pools(text_model(), offer("alpha", 1, max_prompt_tokens=100), offer("beta", 2))
    assert tags(planned(of, messages=LONG)) == ["beta"]


def test_a_window_of_unknown_size_fits():
    of = pools(text_model(context_length=None), offer("alpha", 1))
    assert tags(planned(of, messages=LONG)) == ["alpha"]


@pytest.mark.parametrize(("window", "left"), [(5000, ["beta"]), (5100, ["alpha", "beta"])])
def test_with_compression_half_of_it_must_fit(window: int, left: list[str]):
    of = pools(text_model(), offer("alpha", 1, context_length=window), offer("beta", 2, context_length=9000))
    assert sorted(tags(planned(of, messages=LONG, transforms=["middle-out"]))) == left


def test_with_compression_the_largest_window_is_always_kept():
    of = pools(text_model(), offer("alpha", 1, context_length=1000), offer("beta", 2, context_length=2000))
    assert tags(planned(of, messages=LONG, transforms=["middle-out"])) == ["beta"]


def test_max_tokens_prefers_endpoints_with_room_and_is_else_cut():
    of = pools(text_model(), offer("alpha", 1, max_completion_tokens=100), offer("beta", 2, max_completion_tokens=500))
    assert tags(planned(of, max_tokens=300)) == ["beta"]
    made = planned(of, max_tokens=800, max_completion_tokens=900, provider={"sort": "price"})
    assert tags(made) == ["alpha", "beta"]
    changed = [{name: bytes(raw) for name, raw in one.changes.items()} for one in made.candidates]
    assert changed == [
        {"max_tokens": b"100", "max_completion_tokens": b"100"},
        {"max_tokens": b"500", "max_completion_tokens": b"500"},
    ]


def test_prices_are_those_of_a_prompt_of_this_size():
    dear = dollars(1, overrides=[{"min_prompt_tokens": 5_000, "prompt": "0.00001"}])
    of = pools(text_model(), offer("alpha", 1, pricing=dear), offer("beta", 2))
    assert tags(planned(of, provider={"sort": "price"})) == ["alpha", "beta"]
    assert tags(planned(of, provider={"sort": "price"}, messages=LONG)) == ["beta", "alpha"]
    assert tags(planned(of, provider={"max_price": {"prompt": 3}}, messages=LONG)) == ["beta"]
    assert tags(planned(of, chance=lambda: 0.5)) == ["alpha", "beta"]
    assert tags(planned(of, messages=LONG, chance=lambda: 0.5)) == ["beta", "alpha"]


def test_undeclared_units_cost_nothing():
    of = pools(text_model(), offer("alpha", 1), offer("beta", 1, pricing=dollars(1, image="0.01", request="0.5")))
    assert tags(planned(of, provider={"max_price": {"image": 0.001}})) == ["alpha"]
    assert tags(planned(of, provider={"max_price": {"request": "0.4"}})) == ["alpha"]
    assert len(planned(of, provider={"max_price": {"image": "0.01", "request": 0.5}}).candidates) == 2


def test_an_endpoint_of_unknown_price_is_used_only_where_the_operator_caps_it():
    facts = (text_model(), offer("alpha", 1, pricing={"prompt": "-1", "completion": "-1"}), offer("beta", 3))
    assert tags(planned(pools(*facts))) == ["beta"]
    assert planned(pools(*facts)).removed == {key("alpha"): Reason.UNPRICED}
    capped = pools(*facts, unpriced={"prompt": "0.000002", "completion": "0.000002"})
    made = planned(capped, provider={"sort": "price"})
    assert tags(made) == ["alpha", "beta"]
    assert made.candidates[0].target.prices(9).stated == {"prompt": "0.000002", "completion": "0.000002"}


@pytest.mark.parametrize(
    ("asked", "supported", "left", "changes"),
    [
        ({"verbosity": "low"}, (["verbosity"], []), ["alpha"], {}),
        ({"verbosity": "low"}, ([], []), ["alpha", "beta"], {"verbosity": None}),
        ({"response_format": {"type": "json_object"}}, ([], ["response_format"]), ["beta"], {}),
        ({"response_format": {"type": "json_object"}}, ([], []), ["alpha", "beta"], {"response_format": None}),
        ({"response_format": {"type": "text"}}, ([], ["response_format"]), ["alpha", "beta"], {}),
        ({"response_format": {"type": "json_schema"}}, (["response_format"], ["structured_outputs"]), ["beta"], {}),
        ({"response_format": {"type": "json_schema"}}, (["response_format"], []), ["alpha"], {}),
        ({"tools": TOOLS, "tool_choice": "required"}, (["tools", "tool_choice"], ["tools"]), ["alpha"], {}),
        ({"tools": TOOLS, "tool_choice": "auto"}, (["tools"], ["tools"]), ["alpha", "beta"], {"tool_choice": None}),
        ({"tool_choice": "auto"}, ([], ["tools", "tool_choice"]), ["alpha", "beta"], {}),
    ],
)
def test_soft_features_choose_endpoints_or_are_stripped(asked: Any, supported: Any, left: list[str], changes: Any):
    of = pools(
        text_model(),
        *(offer(tag, 1, supported_parameters=can) for tag, can in zip(("alpha", "beta"), supported, strict=True)),
    )
    made = planned(of, **asked)
    assert sorted(tags(made)) == left
    assert all(dict(candidate.changes) == changes for candidate in made.candidates)


@pytest.mark.parametrize(
    "asked",
    [
        {"tools": TOOLS, "tool_choice": "required"},
        {"response_format": {"type": "json_schema"}},
        {"verbosity": "low"},
    ],
)
@pytest.mark.parametrize("others", [["tools", "tool_choice", "structured_outputs", "verbosity"], []])
def test_an_operator_s_endpoint_that_does_not_say_what_it_takes_is_asked_for_everything(asked: Any, others: list[str]):
    own = offer("alpha", 1, notes={"parameters": "unstated"})
    made = planned(pools(text_model(), own, offer("beta", 1, supported_parameters=others)), **asked)
    assert sorted(tags(made)) == (["alpha", "beta"] if others else ["alpha"])
    assert all(not candidate.changes for candidate in made.candidates)
    strict = planned(pools(text_model(), own), **asked, provider={"require_parameters": True})
    assert refused(strict)


@pytest.mark.parametrize(
    ("supported", "asked", "fits"),
    [
        (["max_tokens"], {"max_completion_tokens": 5}, True),
        (["max_completion_tokens"], {"max_tokens": 5}, True),
        (["reasoning"], {"reasoning_effort": "low"}, True),
        (["include_reasoning"], {"reasoning": {}}, True),
        (["response_format"], {"response_format": {"type": "json_schema"}}, False),
        (["response_format", "structured_outputs"], {"response_format": {"type": "json_schema"}}, True),
        (["temperature"], {"temperature": None, "seed": None}, True),
        ([], {"safe_prompt": True}, True),
    ],
)
def test_required_parameters_are_those_that_are_present(supported: list[str], asked: Any, fits: bool):
    of = pools(text_model(), offer("alpha", 1, supported_parameters=supported))
    assert bool(planned(of, provider={"require_parameters": True}, **asked).candidates) is fits


def test_a_layer_that_withholds_a_host_forbids_the_request():
    made = planned(abc(), policy=guarded(allowed_data_regions=("europe",)))
    assert told(made) == (403, "permission_denied", None, ())
    assert "key guardrail" in refused(made).message


def test_models_of_the_batch_variant_are_for_another_operation():
    of = pools(text_model("acme/m:batch"), offer("alpha", 1, "acme/m:batch"))
    refusal = refused(planned(of, "acme/m:batch"))
    assert refusal.availability is not None
    assert refusal.availability.constraint is not None
    assert refusal.availability.constraint.detail == "/batches"


def test_one_models_failing_filter_does_not_touch_another():
    of = pools(text_model(), *ABC, text_model("acme/v", architecture={**TEXT, "input_modalities": ["text", "image"]}),
               offer("alpha", 1, "acme/v"))  # fmt: skip
    made = planned(of, M, "acme/v", messages=[*HELLO, *IMAGE])
    assert [candidate.model for candidate in made.candidates] == ["acme/v"]
    assert set(made.removed.values()) == {Reason.MODALITIES}


def test_display_names_stand_for_their_slugs():
    of = abc(provider("google-vertex", "Google"), offer("google-vertex/us", 4, provider_name="Google"))
    google = {"policy": account(enable_paid_model_training=True)}
    assert tags(planned(of, provider={"only": ["google"]}, **google)) == ["google-vertex/us"]
    assert tags(planned(of, provider={"order": ["GOOGLE", "Gamma"]}, **google))[:2] == [
        "google-vertex/us",
        "gamma",
    ]
    assert tags(planned(of, provider={"ignore": ["Google", "beta"], "sort": "price"}, **google)) == [
        "alpha",
        "gamma",
    ]


def test_limits_include_their_last_token():
    of = pools(
        text_model(),
        offer("alpha", 1, max_prompt_tokens=100, context_length=150, max_completion_tokens=50),
        offer("beta", 2),
    )
    exact = {"estimate": lambda fields: 100}
    assert len(planned(of, max_tokens=50, given=exact).candidates) == 2
    assert tags(planned(of, max_tokens=51, given=exact)) == ["beta"]
    assert tags(planned(of, max_tokens=40, given={"estimate": lambda fields: 101})) == ["beta"]


def test_a_preference_is_not_at_fault_for_a_window_that_was_too_small_as_well():
    of = pools(text_model(), *(offer(tag, 1, context_length=8192) for tag in ("alpha", "beta")))
    told_of = told(planned(of, messages=LONG, transforms=[], provider={"ignore": ["beta"]}))
    assert told_of[:3] == (400, "context_length_exceeded", None)


def test_only_the_limit_that_was_given_is_cut():
    of = pools(text_model(), offer("alpha", 1, max_completion_tokens=100))
    assert list(planned(of, max_tokens=300).candidates[0].changes) == ["max_tokens"]
