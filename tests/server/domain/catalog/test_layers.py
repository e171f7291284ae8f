"""Overlays laid over the base, field by field."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from tests.server.domain.fixture import NOW, fact, model, price
from trunkline.server.domain.catalog import layers
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import BASE, Fact, Kind, Layered


def effective(*stated: tuple[str, Fact]) -> Fact:
    merged = layers.merge(Layered(layer, item) for layer, item in stated)
    (only,) = merged[Kind.MODEL].values()
    return only


def stating(wire: object, notes: object = None) -> Fact:
    return fact(Kind.MODEL, "a/b", wire, notes)


def test_the_base_alone_is_passed_on_untouched():
    base = stating(b'{ "name" : "x" }')
    assert effective((BASE, base)) is base


def test_an_overlay_replaces_the_fields_it_states_and_no_others():
    made = effective(
        (
            BASE,
            stating({"name": "base", "pricing": price("1", "2"), "x": 1}, {"hidden": False, "categories": ["legal"]}),
        ),
        ("mine", stating({"pricing": price("3", "4")}, {"hidden": True})),
    )
    assert msgspec.json.decode(made.wire) == {"name": "base", "pricing": price("3", "4"), "x": 1}
    assert msgspec.json.decode(made.notes) == {"hidden": True, "categories": ["legal"]}
    assert made.source == "test, test"


def test_a_null_in_an_overlay_replaces_the_value_below():
    made = effective((BASE, stating({"name": "base"})), ("mine", stating({"name": None})))
    assert msgspec.json.decode(made.wire) == {"name": None}


def test_a_row_of_an_overlay_alone_is_a_row():
    item = stating({"name": "mine"})
    assert effective(("mine", item)) == item


@pytest.mark.parametrize("order", list(itertools.permutations([BASE, "a", "b"])))
def test_overlays_apply_in_the_order_of_their_names_whatever_the_order_of_imports(order: tuple[str, ...]):
    wires = {BASE: {"name": "base", "x": "base", "y": "base"}, "a": {"name": "a", "x": "a"}, "b": {"name": "b"}}
    made = effective(*((layer, stating(wires[layer])) for layer in order))
    assert msgspec.json.decode(made.wire) == {"name": "b", "x": "a", "y": "base"}


@pytest.mark.parametrize("broken", [b"[]", b"{", b'"x"', b"\xff", b'{"name":"\\ud800"}', b"[" * 100_000])
def test_an_unreadable_layer_is_named_by_the_build_whichever_it_is(broken: bytes):
    whole = model("a/b", pricing=price("1", "2"))
    for stack in ([(BASE, stating(broken)), ("mine", whole)], [(BASE, whole), ("mine", stating(broken))]):
        of, problems = build([Layered(layer, item) for layer, item in stack], 1, NOW)
        assert list(of.rows) == []
        told = {problem.row for problem in problems} | {warning.split()[0] for warning in of.warnings}
        assert told == {"a/b"}


def test_an_overlay_can_change_a_price_and_leave_the_rest_of_the_row():
    stack = [
        Layered(BASE, model("a/b", created=5, pricing=price("1", "2"))),
        Layered("x", stating({"pricing": price("3", "4")})),
    ]
    of, problems = build(stack, 1, NOW)
    assert problems == ()
    shown = of.rows[0].decode()
    assert (shown["pricing"], shown["created"]) == (price("3", "4"), 5)
