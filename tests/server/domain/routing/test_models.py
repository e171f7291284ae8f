"""From slugs to models: variants, families, siblings, what is passed over and what ends a request (spec 3.1)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from tests.server.domain.fixture import NOW, STRICT, alias, latest, provider
from tests.server.domain.routing.scene import (
    ABC,
    M,
    abc,
    account,
    guarded,
    offer,
    planned,
    pools,
    request,
    tags,
    text_model,
)
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.plan import Circumstances, Plan, plan
from trunkline.server.domain.routing.pools import Pools


def models(of: Plan) -> list[str]:
    return list(dict.fromkeys(candidate.model for candidate in of.candidates))


def code(of: Plan) -> tuple[int, str | None]:
    assert of.refusal is not None
    return of.refusal.status, of.refusal.availability and of.refusal.availability.code.value


def family() -> Pools:
    return pools(
        text_model(canonical_slug="acme/m-20260101"),
        *ABC,
        text_model("acme/m:free"),
        offer("beta", 0, "acme/m:free"),
        text_model("acme/n"),
        offer("beta", 1, "acme/n"),
        latest("~acme/m-latest", M),
        alias("acme/em", M),
        alias("acme/emm", "acme/em"),
    )


@pytest.mark.parametrize(
    ("slug", "model", "strategy"),
    [
        (M, M, "direct"),
        ("ACME/M", M, "direct"),
        ("acme/m-20260101", M, "direct"),
        ("acme/m:free", "acme/m:free", "direct"),
        ("acme/m:free:nitro", "acme/m:free", "direct"),
        ("acme/m:floor:online", M, "direct"),
        ("acme/em", M, "alias"),
        ("acme/emm:exacto", M, "alias"),
        ("~acme/m-latest", M, "latest"),
        ("~acme/m-latest:nitro", M, "latest"),
    ],
)
def test_a_slug_leads_to_one_model(slug: str, model: str, strategy: str):
    made = planned(family(), slug)
    assert (models(made), made.strategy, made.requested) == ([model], strategy, (slug,))
    assert {candidate.requested for candidate in made.candidates} == {slug}


@pytest.mark.parametrize(
    "slug", ["acme/none", "acme/m:batchy", "acme/m:", "m", "", "acme/m@preset/x", "~acme/x-latest", "ácme/m"]
)
def test_a_first_slug_that_is_no_model_ends_the_request(slug: str):
    made = planned(family(), slug, M)
    assert (code(made), made.candidates) == ((400, "model_not_found"), ())
    assert made.refusal is not None
    assert made.refusal.message == f"{slug} is not a valid model ID"
    assert made.refusal.availability is not None
    assert made.refusal.availability.requested_models == (slug, M)


def test_a_later_slug_that_is_no_model_is_passed_over():
    made = planned(family(), M, "acme/nope", "acme/n")
    assert (models(made), made.strategy) == ([M, "acme/n"], "fallback")
    assert [miss.requested for miss in made.misses] == ["acme/nope"]


def test_a_free_variant_that_has_ended_is_passed_over_where_others_follow():
    made = planned(family(), "acme/n:free", M)
    assert models(made) == [M]
    assert [miss.fallbacks for miss in made.misses] == [("acme/n",)]


def test_one_model_by_several_names_is_tried_once():
    made = planned(family(), "acme/em", M, "~acme/m-latest", "acme/m:nitro")
    assert models(made) == [M]
    assert len(made.candidates) == 3


def test_without_any_model_the_request_is_wrong():
    made = plan(structs.replace(request(), models=()), family(), Policy(), Circumstances(NOW, lambda: 0.0))
    assert code(made) == (400, None)


def test_a_private_model_is_no_model_to_others():
    of = pools(text_model(notes={"private_to": ["acc"]}), *ABC)
    assert code(planned(of)) == (400, "model_not_found")
    assert models(planned(of, policy=Policy(account_id="acc"))) == [M]


def test_models_outside_of_the_allowlist_are_dropped_and_none_left_is_forbidden():
    policy = guarded(allowed_models=("acme/n",))
    assert models(planned(family(), M, "acme/n", policy=policy)) == ["acme/n"]
    made = planned(family(), M, policy=policy)
    assert code(made) == (403, None)
    assert made.refusal is not None
    assert made.refusal.message == "acme/m is not an allowed model of the key guardrail."
    ignored = planned(family(), M, policy=account(ignored_models=("acme/m-20260101",)))
    assert ignored.refusal is not None
    assert ignored.refusal.message == "acme/m is an ignored model of the account."


def siblings() -> Pools:
    return pools(
        provider("anthropic", "Anthropic", STRICT),
        *(text_model(f"anthropic/opus{suffix}") for suffix in ("", "-fast", "-pro")),
        offer("anthropic", 1, "anthropic/opus"),
        *(offer(tag, 2, "anthropic/opus-fast") for tag in ("alpha", "anthropic")),
        offer("anthropic", 3, "anthropic/opus-pro"),
        text_model(),
        *ABC,
    )


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        ({}, "anthropic/opus"),
        ({"speed": "fast"}, "anthropic/opus-fast"),
        ({"service_tier": "priority"}, "anthropic/opus-fast"),
        ({"service_tier": "fast"}, "anthropic/opus-fast"),
        ({"service_tier": "flex"}, "anthropic/opus"),
        ({"reasoning": {"mode": "pro"}}, "anthropic/opus-pro"),
        ({"reasoning": {"mode": "standard"}}, "anthropic/opus"),
    ],
)
def test_a_mode_leads_to_the_sibling_of_that_name_at_its_author(asked: dict[str, Any], model: str):
    made = planned(siblings(), "anthropic/opus", **asked)
    assert models(made) == [model]
    assert tags(made) == ["anthropic"]


def test_a_model_without_that_sibling_stays_itself():
    assert models(planned(siblings(), M, speed="fast", reasoning={"mode": "pro"})) == [M]


def test_pools_are_shared_by_those_to_whom_nothing_is_private():
    of = abc()
    row = of.find(M)
    assert row is not None
    model = of.model(row.row)
    one, other = (of.pool(model, Policy(account_id=name)) for name in ("a", "b"))
    assert one is other
