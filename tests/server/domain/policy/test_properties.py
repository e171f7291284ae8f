"""What must hold of policies over any catalogue: compared with a second judge, and against the rules' own promises."""

from __future__ import annotations

import dataclasses
from itertools import permutations
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.server.domain.fixture import NOW
from tests.server.domain.policy import reference
from tests.server.domain.policy.worlds import Entry, Offer, built, catalogues, layers, policies, restrictions
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.layers import Effect, Layer, LayerName, Policy, fingerprint
from trunkline.server.domain.policy.predicate import failures, passes
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.domain.policy.visibility import cache_key, visible


def shown(of: Snapshot, policy: Policy) -> set[str]:
    return {of.rows[position].id for position in np.flatnonzero(visible(of, policy).rows).tolist()}


def offers_of(of: Snapshot, entries: list[Entry]) -> list[tuple[Any, Any, Offer, Entry]]:
    """Pair each endpoint of the snapshot with what it was made from."""
    found = []
    for entry in entries:
        row = of.locate(entry.id)
        if row is not None and entry.target is None:
            found += [(made, row, offer, entry) for made, offer in zip(row.endpoints, entry.offers, strict=True)]
    return found


@given(catalogues(), policies())
def test_the_list_is_that_of_a_second_judge(entries: list[Entry], policy: Policy):
    assert shown(built(entries), policy) == reference.listed(entries, policy)


@given(catalogues(), policies())
def test_each_verdict_is_that_of_a_second_judge(entries: list[Entry], policy: Policy):
    of = built(entries)
    for made, row, offer, entry in offers_of(of, entries):
        verdict = passes(made, row, policy)
        assert verdict.passed == reference.passes(offer, entry, policy)
        assert verdict.passed == (failures(made, row, policy) == ())
        if verdict.failure is not None:
            assert verdict.failure == failures(made, row, policy)[0]


@given(catalogues(), policies())
def test_a_listed_model_has_an_endpoint_that_passes_and_a_hidden_one_has_none(entries: list[Entry], policy: Policy):
    of = built(entries)
    allowed = visible(of, policy)
    table = of.index.offers
    for position, row in enumerate(of.rows):
        lines = allowed.lines[table.row == position].tolist()
        assert lines == [passes(endpoint, row, policy).passed for endpoint in row.endpoints]
        if not row.standing.router:
            assert bool(allowed.rows[position]) == any(lines)


@given(
    catalogues(),
    policies(),
    st.sampled_from([name for name in LayerName if name is not LayerName.ACCOUNT]),
    restrictions,
)
def test_a_stricter_policy_never_adds_a_model(entries: list[Entry], policy: Policy, name: LayerName, more: Any):
    of = built(entries)
    stricter = policy.replaced([*policy.layers, Layer(name, "one more", more)])
    assert shown(of, stricter) <= shown(of, policy)


@given(catalogues(), policies())
def test_the_account_may_only_widen_what_it_permits(entries: list[Entry], policy: Policy):
    of = built(entries)
    closed = policy.replaced(
        [
            replace_account(layer, enable_paid_model_training=None, enable_free_model_training=False)
            for layer in policy.layers
        ]
    )
    assert shown(of, closed) <= shown(of, policy)


def replace_account(layer: Layer, **changes: Any) -> Layer:
    if layer.name is not LayerName.ACCOUNT:
        return layer
    return Layer(layer.name, layer.owner, replace(layer.restrictions, **changes))


@given(catalogues(), layers(), st.randoms(use_true_random=False))
def test_the_order_of_layers_and_of_their_items_does_not_matter(entries: list[Entry], given_layers: Any, chance: Any):
    of = built(entries)
    policy = Policy(given_layers, account_id="account-1")
    turned = [Layer(layer.name, layer.owner, turned_items(layer.restrictions)) for layer in given_layers]
    chance.shuffle(turned)
    other = Policy(turned, account_id="account-1")
    assert other.fingerprint == policy.fingerprint
    assert shown(of, other) == shown(of, policy)


def turned_items(stated: Any) -> Any:
    lists = {
        name: (*reversed(items), items[0])
        for name in ("allowed_models", "ignored_models", "allowed_providers", "ignored_providers")
        if (items := getattr(stated, name))
    }
    return replace(stated, **lists)


@given(policies(), policies())
def test_fingerprints_are_equal_for_equal_effects_and_for_no_others(one: Policy, other: Policy):
    assert (one.fingerprint == other.fingerprint) == (one.effect == other.effect)


@given(catalogues(), policies(), policies())
def test_policies_that_share_a_key_for_answers_show_the_same(entries: list[Entry], one: Policy, other: Policy):
    of = built(entries)
    relabelled = other.replaced(one.layers, region=one.region, credentials=one.credentials)
    for second in (other, relabelled):
        if cache_key(of, one) == cache_key(of, second):
            assert visible(of, one).lines.tolist() == visible(of, second).lines.tolist()
            assert shown(of, one) == shown(of, second)


@given(catalogues(), policies(), st.sampled_from(["account-2", "user-1", "nobody"]))
def test_people_share_answers_unless_something_is_private_to_one_of_them(
    entries: list[Entry], policy: Policy, user: str
):
    of = built(entries)
    other = policy.replaced(user_id=user)
    same = cache_key(of, policy) == cache_key(of, other)
    assert same == ((policy.viewer & of.private_ids) == (other.viewer & of.private_ids))


@given(policies(), st.sampled_from([field.name for field in dataclasses.fields(Effect)]))
def test_every_part_of_an_effect_is_in_the_fingerprint(policy: Policy, name: str):
    strange = "strange" if name == "region" else frozenset({"strange"})
    assert fingerprint(dataclasses.replace(policy.effect, **{name: strange})) != policy.fingerprint


@given(
    catalogues(),
    policies(),
    st.fixed_dictionaries(
        {"output_modalities": st.just(())},
        optional={
            "zdr": st.just("true"),
            "region": st.sampled_from(["eu", "us"]),
            "providers": st.sampled_from([("openai",), ("azure", "freehost")]),
        },
    ),
)
def test_filters_and_policy_hold_on_one_and_the_same_endpoint(
    entries: list[Entry], policy: Policy, values: dict[str, Any]
):
    of = built(entries)
    selection = query.select(of.index, values, NOW, None, visible(of, policy))
    found = {of.rows[position].id for position in selection.positions}
    expected = set()
    for row in of.rows:
        if len(values) == 1:
            continue
        for endpoint in row.endpoints:
            if not passes(endpoint, row, policy).passed:
                continue
            if "zdr" in values and not endpoint.zdr:
                continue
            if "region" in values and values["region"] not in endpoint.regions:
                continue
            if "providers" in values and endpoint.provider not in values["providers"]:
                continue
            expected.add(row.id)
    assert found == (expected if len(values) > 1 else shown(of, policy))


@given(catalogues(), st.sampled_from([None, "eu", "us"]))
def test_what_is_private_never_shows_in_public(entries: list[Entry], region: str | None):
    of = built(entries)
    secret = {entry.id for entry in entries if entry.private_to is not None}
    secret |= {entry.id for entry in entries if entry.target in secret}
    everything = query.select(of.index, {"output_modalities": ()}, NOW, region)
    assert secret.isdisjoint(of.rows[position].id for position in everything.positions)
    assert secret.isdisjoint(row.id for row in of.public())
    assert {row.id for row in of.public()} == {entry.id for entry in entries} - secret
    for name in secret:
        assert of.find(name) is None
    for row in of.public():
        private = [offer.private_to is not None for offer in offers_behind(entries, row.id)]
        assert len(row.endpoints) == private.count(False)
        found = of.find(row.id)
        assert found is not None
        assert found.endpoints == row.endpoints


def offers_behind(entries: list[Entry], model_id: str) -> list[Offer]:
    by_id = {entry.id: entry for entry in entries}
    entry = by_id[model_id]
    return entry.offers if entry.target is None else by_id[entry.target].offers


@given(catalogues())
def test_a_public_catalogue_is_the_same_without_what_is_private_in_it(entries: list[Entry]):
    """Bodies, endpoints, orders, filters: nothing public may change because something private is there."""
    assume(any(entry.private_to is None for entry in entries))
    secret = {entry.id for entry in entries if entry.private_to is not None}
    open_entries = [
        Entry(
            entry.id,
            entry.canonical,
            [offer for offer in entry.offers if offer.private_to is None],
            entry.outputs,
            None,
            entry.target,
            entry.router,
        )
        for entry in entries
        if entry.id not in secret and entry.target not in secret
    ]
    with_private, without = built(entries), built(open_entries)
    assert [(row.id, row.body, [e.wire["tag"] for e in row.endpoints]) for row in with_private.public()] == [
        (row.id, row.body, [e.wire["tag"] for e in row.endpoints]) for row in without.public()
    ]
    for values in ({}, {"zdr": "true"}, {"region": "eu"}, {"providers": ("openai",)}):
        of_all, of_open = (query.select(of.index, values, NOW) for of in (with_private, without))
        assert [with_private.rows[p].id for p in of_all.positions] == [without.rows[p].id for p in of_open.positions]
        assert of_all.total == of_open.total


def test_every_order_of_three_layers_is_one_policy():
    three = [
        Layer(LayerName.WORKSPACE, "w", Restrictions(allowed_providers=("openai", "azure"))),
        Layer(LayerName.MEMBER, "m", Restrictions(ignored_providers=("azure",), enforce_zdr_openai=True)),
        Layer(LayerName.KEY, "k", Restrictions(allowed_models=("openai/gpt-4-0613",))),
    ]
    assert len({Policy(order).fingerprint for order in permutations(three)}) == 1
