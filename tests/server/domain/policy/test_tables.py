"""The worked decision tables of the rules (spec 5.6), row by row."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.domain.fixture import endpoint, model, provider, snapshot
from trunkline.server.domain.policy.layers import Layer, LayerName, Policy
from trunkline.server.domain.policy.merge import spread_zdr
from trunkline.server.domain.policy.predicate import passes
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.domain.policy.visibility import visible

ACCOUNT, L1, L2, L3, REQUEST = LayerName
GROUPS = ("anthropic", "openai", "google", "xai", "other")
NEITHER = {"training": False, "retains": False}
KEEPS = {"training": False, "retains": True}


def policy(**stated: Restrictions) -> Policy:
    """Return the policy of layers by name: `account`, `l1`, `l2`, `l3`, `request`."""
    names = {"account": ACCOUNT, "l1": L1, "l2": L2, "l3": L3, "request": REQUEST}
    return Policy([Layer(names[name], name, restrictions) for name, restrictions in stated.items()])


def surviving(model_id: str, offers: dict[str, dict[str, Any]], judged: Policy) -> list[str]:
    """Return the tags of a model's endpoints that pass; the list must agree."""
    of = snapshot(
        [
            model(model_id),
            *(endpoint(model_id, tag, notes={"data_policy": about}) for tag, about in offers.items()),
        ]
    )
    row = of.rows[0]
    tags = [offer.traits.tag for offer in row.endpoints if passes(offer, row, judged).passed]
    assert bool(visible(of, judged).rows[0]) == bool(tags)
    return tags


def allowing(*items: str) -> Restrictions:
    return Restrictions(allowed_providers=items)


def ignoring(*items: str) -> Restrictions:
    return Restrictions(ignored_providers=items)


@pytest.mark.parametrize(
    ("layers", "tags", "left"),
    [
        ({}, "openai azure", "openai azure"),
        ({"account": allowing("openai", "azure"), "l3": allowing("azure")}, "openai azure", "azure"),
        ({"account": allowing("openai"), "l2": allowing("azure")}, "openai azure", ""),
        ({"account": ignoring("azure"), "l1": allowing("azure")}, "openai azure", ""),
        ({"l2": allowing("a", "b", "c"), "l3": allowing("a", "b")}, "a b c", "a b"),
        (
            {"account": allowing("google-vertex"), "l3": allowing("google-vertex/europe")},
            "google-vertex google-vertex/europe google-vertex/us",
            "google-vertex/europe",
        ),
        ({"l1": allowing("p")}, "p p/eu p/flex p/eu/priority q", "p p/eu p/flex p/eu/priority"),
        ({"request": allowing("p")}, "p p/eu p/flex p/eu/priority q", "p p/eu"),
        ({"request": allowing("p", "p/flex")}, "p p/eu p/flex p/eu/priority q", "p p/eu p/flex"),
        ({"request": ignoring("p")}, "p p/eu p/flex q", "p/flex q"),
        ({"l3": allowing("p/eu")}, "p p/eu p/eu/priority", "p/eu"),
        ({"l3": allowing("p/eu/priority")}, "p p/eu p/eu/priority", "p/eu/priority"),
        ({"l3": ignoring("p/eu")}, "p p/eu p/eu/priority", "p p/eu/priority"),
        ({"l3": allowing("P", "Q/EU")}, "p q q/eu", "p q/eu"),
        ({"l1": allowing("p", "q"), "l3": allowing("p/eu", "q")}, "p p/eu q", "p/eu q"),
    ],
)
def test_providers(layers: dict[str, Restrictions], tags: str, left: str):
    offers = dict.fromkeys(tags.split(), NEITHER)
    assert surviving("openai/gpt-4", offers, policy(**layers)) == left.split()


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        ({"request": allowing("p")}, False),
        ({"request": ignoring("p")}, True),
        ({"l3": allowing("p")}, True),
        ({"l3": ignoring("p")}, False),
    ],
)
def test_a_request_s_bare_slug_means_no_service_tier_even_where_the_tag_is_as_bare(
    layers: dict[str, Restrictions], left: bool
):
    of = snapshot([model("a/m"), endpoint("a/m", "p", notes={"data_policy": NEITHER}, service_tier="flex")])
    row = of.rows[0]
    assert passes(row.endpoints[0], row, policy(**layers)).passed is left


def models(**stated: str) -> Restrictions:
    return Restrictions(**{name: tuple(items.split()) for name, items in stated.items()})


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        ({}, "a/x a/x:free a/y b/z"),
        ({"l1": models(allowed_models="a/x b/z")}, "a/x b/z"),
        ({"l1": models(allowed_models="a/x b/z"), "l3": models(allowed_models="a/y a/x")}, "a/x"),
        ({"l1": models(allowed_models="a/x"), "l3": models(allowed_models="a/y")}, ""),
        ({"l1": models(ignored_models="a/x"), "l2": models(ignored_models="b/z")}, "a/x:free a/y"),
        ({"l1": models(allowed_models="a/x a/y"), "l2": models(ignored_models="a/x")}, "a/y"),
        ({"l1": models(allowed_models="a/x", ignored_models="a/x")}, ""),
        ({"account": models(allowed_models="a/x:free")}, "a/x:free"),
        ({"account": models(ignored_models="a/x:free")}, "a/x a/y b/z"),
        ({"account": models(allowed_models="A/X")}, "a/x"),
        ({"request": models(allowed_models="a/x a/y"), "account": models(allowed_models="a/y b/z")}, "a/y"),
    ],
)
def test_models(layers: dict[str, Restrictions], left: str):
    of = snapshot(
        [
            part
            for model_id in ("a/x", "a/x:free", "a/y", "b/z")
            for part in (model(model_id), endpoint(model_id, "p", notes={"data_policy": NEITHER}))
        ]
    )
    judged = policy(**layers)
    assert [row.id for row in of.rows if passes(row.endpoints[0], row, judged).passed] == left.split()
    assert [of.rows[p].id for p in visible(of, judged).rows.nonzero()[0].tolist()] == left.split()


ON, OFF, SILENT = True, False, None


@pytest.mark.parametrize(
    ("free", "about", "paid_switch", "free_switch", "publication", "guardrails", "left"),
    [
        (False, {"training": True}, ON, SILENT, SILENT, [SILENT, SILENT], True),
        (False, {"training": True}, ON, SILENT, SILENT, [SILENT, OFF], False),
        (False, {"training": True}, OFF, SILENT, SILENT, [ON], False),
        (False, {"training": True}, SILENT, SILENT, SILENT, [ON], False),
        (True, {"training": True, "publishes": False}, ON, OFF, SILENT, [], False),
        (True, {"training": True, "publishes": False}, OFF, ON, OFF, [], True),
        (True, {"training": True, "publishes": True}, SILENT, ON, OFF, [], False),
        (True, {"training": True, "publishes": True}, SILENT, ON, ON, [], True),
        (True, {"training": True}, SILENT, ON, OFF, [], False),
        (True, {"training": False, "publishes": True}, OFF, OFF, ON, [], True),
        (False, {"training": False, "publishes": True}, ON, ON, ON, [], False),
        (False, {"training": False}, OFF, OFF, SILENT, [OFF], True),
        (False, {}, OFF, OFF, SILENT, [], False),
        (False, {}, ON, OFF, SILENT, [], True),
    ],
)
def test_training_and_publication(
    free: bool,
    about: dict[str, Any],
    paid_switch: bool | None,
    free_switch: bool | None,
    publication: bool | None,
    guardrails: list[bool | None],
    left: bool,
):
    account = Restrictions(
        enable_paid_model_training=paid_switch,
        enable_free_model_training=free_switch,
        enable_free_model_publication=publication,
    )
    layers = {
        name: Restrictions(enable_paid_model_training=switch, enable_free_model_training=switch)
        for name, switch in zip(("l1", "l3"), guardrails, strict=False)
    }
    model_id = "meta-llama/llama" + (":free" if free else "")
    assert surviving(model_id, {"host": about}, policy(account=account, **layers)) == (["host"] if left else [])


def zdr(*groups: str) -> Restrictions:
    return Restrictions(**{f"enforce_zdr_{group}": True for group in groups})


NONE, SAFETY, STRICT = KEEPS, {**KEEPS, "zdr": "safety"}, NEITHER


@pytest.mark.parametrize(
    ("author", "level", "layers", "left"),
    [
        ("anthropic", NONE, {}, True),
        ("anthropic", NONE, {"l1": zdr("openai")}, True),
        ("anthropic", NONE, {"account": zdr("anthropic"), "l3": Restrictions(enforce_zdr_anthropic=False)}, False),
        ("anthropic", STRICT, {"account": zdr(*GROUPS)}, True),
        ("meta-llama", NONE, {"l1": zdr("other")}, False),
        ("openai", NONE, {"l1": zdr("other")}, True),
        ("openai", NONE, {"l1": zdr("openai")}, False),
        ("x-ai", NONE, {"l1": zdr("xai")}, False),
        ("x-ai", NONE, {"l1": zdr("other")}, True),
        *((author, NONE, {"request": zdr(*GROUPS)}, False) for author in ("anthropic", "openai", "x-ai", "acme")),
        ("acme", NONE, {"request": Restrictions(enforce_zdr_other=False)}, True),
        ("acme", NONE, {"l1": zdr("other"), "request": Restrictions(enforce_zdr_other=False)}, False),
        (
            "google",
            SAFETY,
            {"account": zdr("google"), "l3": Restrictions(allow_safety_retention_google=False)},
            False,
        ),
        ("google", SAFETY, {"account": zdr("google"), "l3": Restrictions()}, True),
        ("google", SAFETY, {"account": zdr("google"), "l3": Restrictions(allow_safety_retention_other=False)}, True),
        (
            "google",
            SAFETY,
            {
                "account": Restrictions(enforce_zdr_google=True, allow_safety_retention_google=False),
                "l3": Restrictions(allow_safety_retention_google=True),
            },
            False,
        ),
        ("acme", SAFETY, {"account": zdr("other")}, True),
        ("openai", SAFETY, {"account": zdr("openai")}, False),
        ("google", SAFETY, {"l3": Restrictions(allow_safety_retention_google=False)}, True),
    ],
)
def test_zero_data_retention(author: str, level: dict[str, Any], layers: dict[str, Restrictions], left: bool):
    assert surviving(f"{author}/m", {"deepinfra": level}, policy(**layers)) == (["deepinfra"] if left else [])


@pytest.mark.parametrize(
    ("request_fields", "before", "after"),
    [
        ({"enforce_zdr": True}, {}, dict.fromkeys(GROUPS, True)),
        ({"enforce_zdr": True, "enforce_zdr_openai": False}, {}, dict.fromkeys(GROUPS, True) | {"openai": False}),
        ({"enforce_zdr": True, "enforce_zdr_xai": None}, {}, dict.fromkeys(GROUPS, True) | {"xai": None}),
        ({}, {}, dict.fromkeys(GROUPS)),
        ({"enforce_zdr": False}, dict.fromkeys(GROUPS, True), dict.fromkeys(GROUPS, False)),
        ({"enforce_zdr": None}, dict.fromkeys(GROUPS, True), dict.fromkeys(GROUPS, True)),
        ({"enforce_zdr_google": True}, {"openai": True}, dict.fromkeys(GROUPS) | {"openai": True, "google": True}),
    ],
)
def test_the_old_switch_for_zero_data_retention(
    request_fields: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
):
    kept = {f"enforce_zdr_{group}": before.get(group) for group in GROUPS} | spread_zdr(request_fields)
    assert kept == {f"enforce_zdr_{group}": value for group, value in after.items()}


@pytest.mark.parametrize(
    ("about", "level", "trains", "retains"),
    [
        ({}, "none", True, True),
        ({"training": False}, "none", False, True),
        ({"training": False, "retains": False}, "strict", False, False),
        ({"training": False, "retention_days": 0}, "strict", False, False),
        ({"training": False, "retention_days": 30}, "none", False, True),
        ({"training": False, "retains": False, "retention_days": 30}, "none", False, True),
        ({"training": True, "retains": False}, "none", True, False),
        ({"training": None, "retains": None}, "none", True, True),
        ({"zdr": "strict"}, "strict", False, False),
        ({"zdr": "safety"}, "safety", False, True),
        ({"zdr": "strict", "training": True}, "none", True, False),
        ({"zdr": "strict", "retains": True}, "none", False, True),
        ({"zdr": "none", "training": False, "retains": False}, "none", False, False),
    ],
)
def test_what_an_endpoint_does_with_data(about: dict[str, Any], level: str, trains: bool, retains: bool):
    of = snapshot([model("a/m"), endpoint("a/m", "p", notes={"data_policy": about})])
    traits = of.rows[0].endpoints[0].traits
    assert (traits.zdr, traits.trains, traits.retains) == (level, trains, retains)


@pytest.mark.parametrize(
    ("of_provider", "own", "level"),
    [
        ({"training": False, "retains": False}, {}, "strict"),
        ({"training": False, "retains": False}, {"retains": True}, "none"),
        ({"training": False, "retains": False}, {"zdr": "safety"}, "safety"),
        ({"training": True, "retains": True}, {"zdr": "strict"}, "strict"),
        ({"zdr": "strict"}, {"retention_days": 30}, "none"),
        ({"zdr": "strict"}, {"training": True}, "none"),
    ],
)
def test_an_endpoint_s_own_word_beats_its_provider_s(of_provider: dict[str, Any], own: dict[str, Any], level: str):
    of = snapshot(
        [
            provider("p", notes={"data_policy": of_provider}),
            model("a/m"),
            endpoint("a/m", "p", notes={"data_policy": own}),
        ]
    )
    assert of.rows[0].endpoints[0].traits.zdr == level


@pytest.mark.parametrize(
    ("model_id", "prices", "free"),
    [
        ("a/m", {"prompt": "0", "completion": "0"}, True),
        ("a/m:free", {"prompt": "0", "completion": "0"}, True),
        ("a/m:free", {"prompt": "-1", "completion": "-1"}, True),
        ("a/m", {"prompt": "0.0", "completion": "0", "request": "0.00"}, True),
        ("a/m", {"prompt": "0", "completion": "0", "image_output": "0.04"}, False),
        ("a/m", {"prompt": "0", "completion": "0.1"}, False),
        ("a/m", {"prompt": "-1", "completion": "-1"}, False),
        ("a/m", {"prompt": "0", "completion": "0", "overrides": [{"utc_start": 900, "prompt": "1"}]}, False),
        ("a/m", {"prompt": "0", "completion": "0", "overrides": [{"utc_start": 900, "prompt": "0"}]}, True),
        ("a/m", {"prompt": "1", "completion": "1", "overrides": [{"utc_end": 2300, "prompt": "0"}]}, False),
    ],
)
def test_free_is_what_costs_nothing_at_any_time(model_id: str, prices: dict[str, Any], free: bool):
    of = snapshot([model(model_id), endpoint(model_id, "p", pricing=prices)])
    assert of.rows[0].endpoints[0].traits.free is free


@pytest.mark.parametrize(
    ("tag", "stated", "tier"),
    [
        ("openai", None, None),
        ("openai/flex", None, "flex"),
        ("google-vertex/global/priority", None, "priority"),
        ("google-vertex/global", None, None),
        ("openai/default", "ultrafast", "ultrafast"),
        ("flex", None, None),
    ],
)
def test_a_service_tier_is_stated_or_ends_the_tag(tag: str, stated: str | None, tier: str | None):
    of = snapshot([model("a/m"), endpoint("a/m", tag, service_tier=stated)])
    assert of.rows[0].endpoints[0].traits.tier == tier
