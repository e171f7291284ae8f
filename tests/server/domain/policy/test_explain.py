"""Why an endpoint is kept out, and the smallest change that lets it pass, held against all smaller ones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from hypothesis import assume, given
from msgspec.structs import replace

from tests.factories import M
from tests.server.domain.fixture import conformance, endpoint, model, snapshot
from tests.server.domain.policy.worlds import (
    ACCOUNT,
    ENFORCEMENTS,
    PERMISSIONS,
    PROVIDERS,
    SAFETIES,
    Entry,
    built,
    catalogues,
    policies,
)
from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.snapshot import Row
from trunkline.server.domain.policy.explain import explain, preview
from trunkline.server.domain.policy.layers import Layer, LayerName, Policy
from trunkline.server.domain.policy.predicate import passes
from trunkline.server.domain.policy.remedy import Change, changed, smallest_change
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.domain.policy.visibility import visible

LISTS = ("allowed_models", "ignored_models", "allowed_providers", "ignored_providers", "allowed_data_regions")
Setting = tuple[Layer | str, str, Any]


def most_open(policy: Policy) -> Iterator[Setting]:
    """Yield every setting with the value that lets most endpoints pass; of hosts all, for none lets most."""
    for layer in policy.layers:
        for name in (*LISTS, *ENFORCEMENTS, *SAFETIES):
            yield layer, name, None
        for name in PERMISSIONS:
            yield layer, name, True if layer.name is LayerName.ACCOUNT else None
    yield "credentials", "credentials", frozenset(PROVIDERS)
    for region in (None, "eu", "us"):
        yield "region", "region", region


def opened(policy: Policy, settings: tuple[Setting, ...]) -> Policy:
    layers = []
    for layer in policy.layers:
        own = {name: value for source, name, value in settings if source == layer}
        layers.append(Layer(layer.name, layer.owner, replace(layer.restrictions, **own)))
    elsewhere = {name: value for source, name, value in settings if isinstance(source, str)}
    return policy.replaced(layers, **elsewhere)


def hidden(entries: list[Entry], policy: Policy) -> Iterator[tuple[Endpoint, Row]]:
    for row in built(entries).rows:
        for offer in row.endpoints:
            if not passes(offer, row, policy).passed:
                yield offer, row


@given(catalogues(), policies())
def test_the_change_admits_and_no_smaller_one_does(entries: list[Entry], policy: Policy):
    for offer, row in hidden(entries, policy):
        change = smallest_change(offer, row, policy)
        if change is None:
            everything = [setting for setting in most_open(policy) if setting[0] != "region"]
            for region in (None, "eu", "us"):
                assert not passes(offer, row, opened(policy, (*everything, ("region", "region", region)))).passed
            continue
        assert change
        assert passes(offer, row, changed(policy, change)).passed
        assert len({(one.layer, one.owner, one.setting) for one in change}) == len(change)
        if len(change) <= 3:
            for smaller in combinations(most_open(policy), len(change) - 1):
                assert not passes(offer, row, opened(policy, smaller)).passed


@given(catalogues(), policies())
def test_each_change_starts_from_the_setting_as_it_is(entries: list[Entry], policy: Policy):
    for offer, row in hidden(entries, policy):
        for one in smallest_change(offer, row, policy) or ():
            for layer in policy.layers:
                if (layer.name, layer.owner) == (one.layer, one.owner):
                    assert getattr(layer.restrictions, one.setting) == one.before
                    assert one.after not in (one.before, ())


@given(catalogues(), policies())
def test_an_explanation_agrees_with_the_list(entries: list[Entry], policy: Policy):
    of = built(entries)
    listed = visible(of, policy).rows
    for position, row in enumerate(of.rows):
        if row.seen_by(policy.viewer) is None:
            continue
        told = explain(of, row, policy)
        assert told.listed == bool(listed[position])
        assert all((judged.change == ()) == (judged.failures == ()) for judged in told.endpoints)
        assert all(judged.endpoint.traits.permits(policy.viewer) for judged in told.endpoints)
        if told.endpoints:
            assert told.listed == any(not judged.failures for judged in told.endpoints)
        else:
            assert told.listed == (told.failures == ())


@given(catalogues(), policies())
def test_what_an_explanation_advises_lists_the_model(entries: list[Entry], policy: Policy):
    of = built(entries)
    for row in of.rows:
        if row.seen_by(policy.viewer) is None or row.standing.router:
            continue
        change = explain(of, row, policy).change
        if change:
            assert visible(of, changed(policy, change)).rows[of.positions[row.id]]


def test_every_layer_and_setting_is_named_with_the_deciding_one_first():
    of = conformance()
    policy = Policy(
        [
            Layer(LayerName.ACCOUNT, "x", Restrictions(enforce_zdr_openai=True)),
            Layer(LayerName.WORKSPACE, "g1", Restrictions(ignored_providers=("openai", "anthropic"))),
            Layer(LayerName.KEY, "g2", Restrictions(allowed_models=("openai/gpt-oss-120b",), enforce_zdr_openai=True)),
        ],
        account_id="x",
    )
    row = of.find(M["M1"])
    assert row is not None
    first, second = explain(of, row, policy).endpoints
    assert [(f.rule, f.layer, f.owner, f.setting, f.value) for f in first.failures] == [
        ("allowed_models", "key guardrail", "g2", "allowed_models", ("openai/gpt-oss-120b",)),
        ("ignored_providers", "workspace default guardrail", "g1", "ignored_providers", ("openai", "anthropic")),
        ("zdr", "account", "x", "enforce_zdr_openai", True),
        ("zdr", "key guardrail", "g2", "enforce_zdr_openai", True),
    ]
    assert [failure.rule for failure in second.failures] == ["allowed_models"]
    assert explain(of, row, policy).change == second.change
    assert second.change == (
        Change(
            "key guardrail",
            "g2",
            "allowed_models",
            ("openai/gpt-oss-120b",),
            ("openai/gpt-oss-120b", "openai/gpt-4-0613"),
        ),
    )
    assert first.change is not None
    assert len(first.change) == 4


def test_layers_that_ignore_something_else_need_not_change():
    of = snapshot([model("a/m"), endpoint("a/m", "p/eu", notes={"data_policy": {"zdr": "strict"}})])
    row = of.rows[0]
    layers = [
        Layer(LayerName.ACCOUNT, "x", Restrictions(ignored_models=("b/n",), ignored_providers=("q", "p/us"))),
        Layer(LayerName.KEY, "k", Restrictions(ignored_models=("a/m",), ignored_providers=("p", "q", "p/eu"))),
    ]
    assert smallest_change(row.endpoints[0], row, Policy(layers)) == (
        Change("key guardrail", "k", "ignored_models", ("a/m",), None),
        Change("key guardrail", "k", "ignored_providers", ("p", "q", "p/eu"), ("q",)),
    )


def safety() -> tuple[Endpoint, Row]:
    of = snapshot([model("google/m"), endpoint("google/m", "p", notes={"data_policy": {"zdr": "safety"}})])
    return of.rows[0].endpoints[0], of.rows[0]


def test_of_two_ways_to_admit_retention_for_safety_the_shorter_is_taken():
    asks = [Layer(LayerName.ACCOUNT, "x", Restrictions(enforce_zdr_google=True))]
    refuses = [
        Layer(LayerName.WORKSPACE, "w", Restrictions(allow_safety_retention_google=False)),
        Layer(LayerName.KEY, "k", Restrictions(allow_safety_retention_google=False)),
    ]
    settings = [change.setting for change in smallest_change(*safety(), Policy([*asks, *refuses])) or ()]
    assert settings == ["enforce_zdr_google"]
    settings = [change.setting for change in smallest_change(*safety(), Policy([*asks, refuses[0]])) or ()]
    assert settings == ["allow_safety_retention_google"]


def test_a_host_that_the_account_may_not_use_is_no_advice():
    of = snapshot([model("a/m"), endpoint("a/m", "p", notes={"data_policy": {"zdr": "strict"}, "regions": ["us"]})])
    row = of.rows[0]
    bound = Policy([Layer(LayerName.KEY, "k", Restrictions(allowed_data_regions=("europe",)))], region="eu")
    everywhere = smallest_change(row.endpoints[0], row, bound)
    assert everywhere is not None
    assert [(change.layer, change.setting) for change in everywhere] == [
        ("host", "region"),
        ("key guardrail", "allowed_data_regions"),
    ]
    assert smallest_change(row.endpoints[0], row, bound, hosts=["eu"]) is None


def test_what_no_setting_can_admit_is_said_to_be_so():
    publishes = {"data_policy": {"training": False, "retains": False, "publishes": True}}
    of = snapshot([model("a/m"), endpoint("a/m", "p", notes=publishes, pricing={"prompt": "1", "completion": "1"})])
    told = explain(of, of.rows[0], Policy())
    assert told.change is None
    assert [failure.rule for failure in told.endpoints[0].failures] == ["publication"]


def test_rows_without_endpoints_are_explained_too():
    of = snapshot(
        [
            model("a/nowhere"),
            model("openrouter/auto", architecture={"modality": "text->text", "tokenizer": "Router"}),
        ]
    )
    rules = {row.id: [failure.rule for failure in explain(of, row, Policy()).failures] for row in of.rows}
    assert rules == {"a/nowhere": ["no_endpoints"], "openrouter/auto": ["no_candidates"]}
    router = of.find("openrouter/auto")
    assert router is not None
    assert explain(of, router, Policy(region="eu")).failures[0].rule == "region"
    ignoring = Policy([Layer(LayerName.ACCOUNT, "x", Restrictions(ignored_models=("openrouter/auto",)))])
    assert explain(of, router, ignoring).failures[0].layer == "account"


def test_a_draft_is_weighed_before_it_is_saved():
    of = conformance()
    plain = Policy(account_id="x")
    narrowed = Policy([Layer(LayerName.KEY, "old", Restrictions(allowed_providers=("deepinfra",)))], account_id="x")
    draft = Layer(LayerName.KEY, "new", Restrictions(allowed_providers=("azure",)))
    for_plain, for_narrowed = preview(of, draft, [plain, narrowed])
    assert str(for_plain) == "leaves 2 of 9 models"
    assert (for_plain.models, for_plain.endpoints, for_plain.of_endpoints) == (2, 1, 12)
    assert for_plain.gained == ()
    assert M["M1"] not in for_plain.lost
    assert len(for_plain.lost) == 7
    assert (for_narrowed.models, for_narrowed.of_models) == (2, 3)
    assert for_narrowed.gained == (M["M1"],)
    assert set(for_narrowed.lost) == {M["M4"], M["M6"]}


@given(catalogues(), policies(), policies())
def test_a_draft_leaves_what_the_key_will_see_once_it_is_saved(entries: list[Entry], policy: Policy, other: Policy):
    assume(len(other.layers) > 1)
    of, draft = built(entries), other.layers[-1]
    (told,) = preview(of, draft, [policy])
    saved = policy.replaced([*(layer for layer in policy.layers if layer.name is not draft.name), draft])
    assert told.models == int(visible(of, saved).rows.sum())
    assert told.of_models == int(visible(of, policy).rows.sum())
    assert told.models - told.of_models == len(told.gained) - len(told.lost)
    assert 0 <= told.endpoints <= sum(len(entry.offers) for entry in entries if entry.target is None)
    assert ACCOUNT in policy.viewer
