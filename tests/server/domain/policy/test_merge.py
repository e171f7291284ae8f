"""What lists of guardrails may name, and how it is kept (spec 1.7, 5.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import ACCOUNT_X, M
from tests.server.domain.fixture import conformance, endpoint, model, snapshot
from tests.server.domain.policy.worlds import Entry, built, catalogues
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.layers import Layer, LayerName, Policy
from trunkline.server.domain.policy.merge import Items, require_whole_budget
from trunkline.server.domain.policy.predicate import failures
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.errors import BadRequest

CATALOGUE = conformance()
PUBLIC = Items(CATALOGUE, frozenset())
OF_X = Items(CATALOGUE, frozenset({ACCOUNT_X}))


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        ("openai/gpt-4", "openai/gpt-4-0613"),
        ("openai/gpt-4-0613", "openai/gpt-4-0613"),
        ("OpenAI/GPT-4", "openai/gpt-4-0613"),
        (" openai/gpt-4 ", "openai/gpt-4-0613"),
        ("openai/gpt-4:nitro", "openai/gpt-4-0613"),
        ("openai/gpt-4:floor:online", "openai/gpt-4-0613"),
        ("anthropic/claude-sonnet-4-5", "anthropic/claude-4.5-sonnet-20250929"),
        (M["M5"], M["M5"]),
        (f"{M['M5']}:nitro", M["M5"]),
        (M["M4"], M["M4"]),
    ],
)
def test_models_are_kept_as_variant_canonical_slugs(item: str, kept: str):
    assert PUBLIC.models([item], "allowed_models") == (kept,)
    assert PUBLIC.models([kept], "allowed_models") == (kept,)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("openai/gpt-5-typo", "no model of this catalogue"),
        ("openai/gpt4", "do you mean openai/gpt-4?"),
        ("openai/gpt-4:free", "no model of this catalogue"),
        ("openai/*", "is a pattern"),
        ("*", "is a pattern"),
        ("~anthropic/claude-sonnet-latest", "from time to time"),
        ("openrouter/auto", "passes calls on"),
        ("acme/staged-1", "no model of this catalogue"),
        ("acme/secret-1", "no model of this catalogue"),
        ("", "no model of this catalogue"),
        ("@preset/mine", "no model of this catalogue"),
        ("x" * 10_000, "no model of this catalogue"),
        ("opеnai/gpt-4", "no model of this catalogue"),
        ("a\x00b", "no model of this catalogue"),
    ],
)
def test_what_names_no_model_for_good_is_refused_with_the_reason(item: str, reason: str):
    with pytest.raises(BadRequest) as refused:
        PUBLIC.models(["openai/gpt-4", item], "ignored_models")
    (issue,) = refused.value.issues
    assert issue.path == "ignored_models.1"
    assert reason in issue.message
    assert len(issue.message) < 200
    assert "secret" not in issue.message.replace(item, "")


def test_duplicates_are_dropped_and_all_bad_items_told_at_once():
    assert PUBLIC.models(["openai/gpt-4", "openai/gpt-4-0613", M["M6"]], "x") == ("openai/gpt-4-0613", M["M6"])
    with pytest.raises(BadRequest) as refused:
        PUBLIC.models(["no/1", "openai/gpt-4", "no/2"], "x")
    assert [issue.path for issue in refused.value.issues] == ["x.0", "x.2"]


def test_an_empty_list_is_refused_for_it_would_forbid_everything():
    for read in (PUBLIC.models, PUBLIC.providers):
        with pytest.raises(BadRequest) as refused:
            read([], "allowed_providers")
        assert refused.value.issues[0].path == "allowed_providers"


def test_private_models_and_their_providers_can_be_named_by_those_who_see_them():
    assert OF_X.models([M["M11"]], "allowed_models") == (M["M11"],)
    assert OF_X.providers(["acme"], "allowed_providers") == ("acme",)
    with pytest.raises(BadRequest):
        PUBLIC.providers(["acme"], "allowed_providers")


def test_routers_can_be_ignored_where_they_are_let_in():
    assert PUBLIC.models(["openrouter/auto"], "ignored_models", routers=True) == ("openrouter/auto",)


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        ("azure", "azure"),
        ("Azure", "azure"),
        (" google-vertex/europe ", "google-vertex/europe"),
        ("deepinfra/turbo", "deepinfra/turbo"),
        ("google-vertex", "google-vertex"),
    ],
)
def test_providers_are_slugs_or_tags(item: str, kept: str):
    assert PUBLIC.providers([item, kept], "allowed_providers") == (kept,)


@pytest.mark.parametrize("item", ["azur", "azure/nowhere", "Google AI Studio", "", "google-vertex/*", "azure/"])
def test_unknown_providers_are_refused(item: str):
    with pytest.raises(BadRequest) as refused:
        PUBLIC.providers([item], "ignored_providers")
    assert refused.value.issues[0].path == "ignored_providers.0"


def test_a_tag_of_three_parts_is_an_item():
    of = snapshot([model("a/m"), endpoint("a/m", "google-vertex/global/flex")])
    assert Items(of, frozenset()).providers(["google-vertex/global/flex", "google-vertex"], "x") == (
        "google-vertex/global/flex",
        "google-vertex",
    )


@given(catalogues(), st.sampled_from(["", ":nitro"]))
def test_whatever_is_kept_is_what_the_rules_compare_with(entries: list[Entry], suffix: str):
    of = built(entries)
    for row in of.public():
        if row.standing.latest or row.standing.router:
            continue
        kept = Items(of, frozenset()).models([row.id + suffix], "ignored_models")
        ignoring = Policy([Layer(LayerName.ACCOUNT, "x", Restrictions(ignored_models=kept))])
        for offer in row.endpoints:
            assert "ignored_models" in {failure.rule for failure in failures(offer, row, ignoring)}


@pytest.mark.parametrize(
    ("budget", "missing"),
    [
        ({}, None),
        ({"limit_usd": Decimal(5), "reset_interval": "daily"}, None),
        ({"limit_usd": Decimal(5)}, "reset_interval"),
        ({"reset_interval": "daily"}, "limit_usd"),
    ],
)
def test_a_budget_is_whole_or_not_there(budget: dict[str, Any], missing: str | None):
    made = Guardrail(id="g", account_id="x", name="g", created_at=datetime(2026, 8, 22, tzinfo=UTC), **budget)
    if missing is None:
        require_whole_budget(made)
    else:
        with pytest.raises(BadRequest) as refused:
            require_whole_budget(made)
        assert refused.value.issues[0].path == missing
