"""Deliveries replace what they list and nothing else; what looks like a broken source is told from news."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.catalog import changes
from trunkline.server.domain.catalog.changes import check_bounds, differences
from trunkline.server.domain.catalog.facts import BASE, Change, Delivery, Fact, Kind, Layered

TODAY = 1_787_400_000
plan = partial(changes.plan, now=TODAY)


def model(name, price="0.1", notes="{}", **fields):
    wire = {"name": name, "created": 1, "pricing": {"prompt": price, "completion": price}, **fields}
    return Fact(Kind.MODEL, name, json.dumps(wire).encode(), notes.encode())


def endpoint(name, tag="acme", price="0.1", n=0, notes="{}"):
    wire = {"tag": tag, "pricing": {"prompt": price}}
    return Fact(Kind.ENDPOINT, f"{name} {tag} {n}", json.dumps(wire).encode(), notes.encode())


def provider(slug, notes="{}"):
    return Fact(Kind.PROVIDER, slug, b'{"name":"' + slug.encode() + b'"}', notes.encode())


def full(*facts, kinds=None, layer=BASE, form="openrouter-models", **more):
    kinds = frozenset(kinds if kinds is not None else {fact.kind for fact in facts})
    return Delivery(form, "test", tuple(facts), kinds if layer == BASE else frozenset(), layer=layer, **more)


def state(*deliveries):
    return plan((), deliveries).after


def keys(layered, layer=BASE):
    return {item.fact.key for item in layered if item.layer == layer}


def test_a_list_of_models_replaces_models_only():
    current = state(full(model("a/1"), model("a/2"), endpoint("a/1"), provider("acme")))
    planned = plan(current, [full(model("a/1", price="0.2"), model("a/3"))])
    assert keys(planned.after) == {"a/1", "a/3", "a/1 acme 0", "acme"}
    assert planned.counts == {
        (Kind.MODEL, "changed"): 1,
        (Kind.MODEL, "added"): 1,
        (Kind.MODEL, "removed"): 1,
        (Kind.ENDPOINT, "unchanged"): 1,
        (Kind.PROVIDER, "unchanged"): 1,
    }


def test_merging_keeps_the_models_that_the_list_lacks():
    current = state(full(model("a/1"), model("a/2")))
    assert keys(plan(current, [full(model("a/3"))], merge=True).after) == {"a/1", "a/2", "a/3"}


def test_merging_endpoints_replaces_those_of_the_models_it_speaks_of():
    current = state(full(model("a/1"), model("a/2"), endpoint("a/1"), endpoint("a/1", "old"), endpoint("a/2", "old")))
    planned = plan(current, [full(endpoint("a/1", "new"))], merge=True)
    assert keys(planned.after) == {"a/1", "a/2", "a/1 new 0", "a/2 old 0"}


def test_the_endpoints_of_one_model_leave_the_others_alone():
    current = state(full(model("a/1"), model("a/2"), endpoint("a/1"), endpoint("a/2")))
    one = full(endpoint("a/1", "new"), kinds=(), replaces_endpoints_of=frozenset({"a/1"}))
    assert keys(plan(current, [one]).after) == {"a/1", "a/2", "a/1 new 0", "a/2 acme 0"}


def test_endpoints_without_a_model_are_dropped_and_told():
    planned = plan((), [full(model("a/1")), full(endpoint("a/1"), endpoint("a/2"))])
    assert planned.dropped == ("a/2 acme 0",)
    assert keys(planned.after) == {"a/1", "a/1 acme 0"}
    gone = plan(planned.after, [full(model("a/2"))])
    assert gone.dropped == ("a/1 acme 0",)


def test_endpoints_may_come_before_their_models_in_one_command():
    assert plan((), [full(endpoint("a/1")), full(model("a/1"))]).dropped == ()


def test_an_endpoint_may_belong_to_a_model_of_an_overlay():
    overlay = full(model("a/1"), layer="team")
    assert plan((), [overlay, full(endpoint("a/1"))]).dropped == ()


def test_endpoints_of_an_overlay_wait_for_their_model():
    planned = plan((), [full(endpoint("a/1"), layer="team")])
    assert keys(planned.after, "team") == {"a/1 acme 0"}
    assert [(problem.row, problem.fatal) for problem in planned.warnings] == [("a/1 acme 0", False)]


def test_an_overlay_replaces_its_own_layer_whole_and_survives_the_base():
    current = state(full(model("a/1")), full(model("a/1", price="9"), model("t/1"), layer="team"), full(layer="other"))
    after = plan(current, [full(model("a/1", price="7"), layer="team")]).after
    assert keys(after, "team") == {"a/1"}
    after = plan(after, [full(model("a/5"))]).after
    assert keys(after) == {"a/5"}
    assert keys(after, "team") == {"a/1"}


def test_an_overlay_does_not_touch_another():
    current = state(full(model("x/1"), layer="one"), full(model("y/1"), layer="two"))
    after = plan(current, [full(layer="one")]).after
    assert keys(after, "one") == set()
    assert keys(after, "two") == {"y/1"}


def test_equal_content_is_no_change_whatever_its_order_and_source():
    one = Fact(Kind.MODEL, "a/1", b'{"name":"x","created":1,"n":1.0}', b"{}", "first")
    same = Fact(Kind.MODEL, "a/1", b'{ "n": 1.00, "created": 1, "name": "x" }', b"{ }", "second")
    planned = plan([Layered(BASE, one)], [full(same)])
    assert planned.changes == ()
    assert planned.after == (Layered(BASE, one),)
    other = Fact(Kind.MODEL, "a/1", b'{"name":"x","created":1,"n":true}')
    assert len(plan([Layered(BASE, one)], [full(other)]).changes) == 1


def test_a_source_that_is_silent_on_notes_deletes_none():
    known = provider("acme", notes='{"base_url":"https://acme.example","data_policy":{"training":false}}')
    stated = provider("acme", notes='{"data_policy":{"training":true}}')
    current = state(full(known, model("a/1", notes='{"created_source":"first listed","hidden":true}')))
    after = plan(current, [full(stated, model("a/1", price="0.2"), form="openrouter-providers")]).after
    notes = {item.fact.key: json.loads(item.fact.notes) for item in after}
    assert notes["acme"] == {"base_url": "https://acme.example", "data_policy": {"training": True}}
    assert notes["a/1"] == {"hidden": True}


def test_our_own_document_states_notes_in_full():
    current = state(full(model("a/1", notes='{"hidden":true}')))
    (after,) = plan(current, [full(model("a/1"), form="facts")]).after
    assert after.fact.notes == b"{}"


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("0.1", "10", False), ("0.1", "10.000001", True), ("10", "0.1", False), ("10", "0.0999", True),
        ("0.1", "0", True), ("0", "10", False), ("-1", "10", False), ("10", "-1", False), ("0.000003", "3", True),
    ],
)  # fmt: skip
def test_a_price_may_move_a_hundredfold_and_no_further(before, after, refused):
    problems = check_bounds(state(full(model("a/1", price=before))), state(full(model("a/1", price=after))))
    assert [problem.field for problem in problems] == ["pricing.prompt", "pricing.completion"] * refused
    endpoints = (state(full(model("a/1"), endpoint("a/1", price=price))) for price in (before, after))
    assert [problem.row for problem in check_bounds(*endpoints)] == ["a/1 acme 0"] * refused


def test_prices_are_compared_as_they_show_through_the_layers():
    base = full(model("a/1"))
    corrected = full(model("a/1", price="1000"), layer="team")
    assert check_bounds(state(base), state(base, corrected))
    assert not check_bounds(state(base, corrected), state(full(model("a/1", price="0.0001")), corrected))


def test_half_of_the_models_may_go_and_no_more():
    four = state(full(*(model(f"a/{n}") for n in range(4))))
    assert not check_bounds(four, state(full(model("a/0"), model("a/1"))))
    assert [p.row for p in check_bounds(four, state(full(model("a/0"), model("b/1"), model("b/2"))))] == ["models"]
    assert not check_bounds((), four)


def test_differences_name_fields_by_dotted_path():
    before, after = (Layered(BASE, model("a/1", price=price, **more)) for price, more in (("1", {}), ("2", {"x": [1]})))
    assert list(differences(Change(before, after))) == [
        ("pricing.prompt", "1", "2"),
        ("pricing.completion", "1", "2"),
        ("x", None, [1]),
    ]
    assert ("name", None, "a/1") in list(differences(Change(None, before)))


NAMES = st.sampled_from(["a/1", "a/2", "b/1", "b/1:free"])
FACTS = st.lists(
    st.one_of(
        st.builds(model, NAMES, price=st.sampled_from(["0", "1", "-1"])),
        st.builds(endpoint, NAMES, tag=st.sampled_from(["acme", "acme/eu"]), n=st.integers(0, 1)),
        st.builds(provider, st.sampled_from(["acme", "emca"]), notes=st.sampled_from(["{}", '{"base_url":"x"}'])),
    ),
    max_size=8,
    unique_by=lambda fact: (fact.kind, fact.key),
)
DELIVERIES = st.builds(
    lambda facts, kinds, layer, form, models: Delivery(
        form,
        "test",
        tuple(facts),
        frozenset(kinds) if layer == BASE else frozenset(),
        frozenset(models) if layer == BASE else frozenset(),
        layer,
    ),
    FACTS,
    st.sets(st.sampled_from(list(Kind))),
    st.sampled_from([BASE, "one", "two"]),
    st.sampled_from(["facts", "openrouter-models"]),
    st.sets(NAMES, max_size=2),
)
LISTS = st.lists(DELIVERIES, max_size=4)


@given(LISTS, DELIVERIES, st.booleans())
def test_importing_the_same_again_changes_nothing(earlier, delivery, merge):
    once = plan(state(*earlier), [delivery], merge=merge)
    again = plan(once.after, [delivery], merge=merge)
    assert again.changes == ()
    assert again.after == once.after


@given(LISTS, DELIVERIES, st.booleans())
def test_changes_lead_from_the_old_state_to_the_new_one(earlier, delivery, merge):
    before = state(*earlier)
    planned = plan(before, [delivery], merge=merge)
    reached = {(item.layer, item.fact.kind, item.fact.key): item for item in before}
    for change in planned.changes:
        side = change.after or change.before
        key = (side.layer, side.fact.kind, side.fact.key)
        assert reached.get(key) == change.before
        assert change.before != change.after
        if change.after is None:
            del reached[key]
        else:
            reached[key] = change.after
    assert set(reached.values()) == set(planned.after)
    assert len(planned.after) == len(reached)


@given(LISTS, DELIVERIES, st.booleans())
def test_a_delivery_touches_its_own_layer_only_and_of_that_only_its_kinds(earlier, delivery, merge):
    before = state(*earlier)
    planned = plan(before, [delivery], merge=merge)
    for change in planned.changes:
        side = change.before or change.after
        orphaned = side.fact.key in planned.dropped
        if delivery.layer != BASE:
            assert side.layer == delivery.layer or (orphaned and side.layer == BASE)
        else:
            assert side.layer == BASE
            stated = {fact.kind for fact in delivery.facts}
            speaks = stated | delivery.replaces | ({Kind.ENDPOINT} if delivery.replaces_endpoints_of else set())
            assert side.fact.kind in speaks or orphaned


@given(LISTS, DELIVERIES)
def test_merging_removes_no_model_of_the_base_and_no_provider(earlier, delivery):
    planned = plan(state(*earlier), [delivery], merge=True)
    removed = [change.before for change in planned.changes if change.after is None]
    assert all(item.fact.kind is Kind.ENDPOINT or item.layer != BASE for item in removed)


@given(LISTS)
def test_every_base_endpoint_has_a_model_in_some_layer(deliveries):
    after = state(*deliveries)
    models = {item.fact.key for item in after if item.fact.kind is Kind.MODEL}
    for item in after:
        if item.fact.kind is Kind.ENDPOINT and item.layer == BASE:
            assert item.fact.key.split(" ")[0] in models


def undated(name, **fields):
    return Fact(Kind.MODEL, name, json.dumps({"name": name, **fields}).encode())


def first_listed(planned, name="a/1"):
    (notes,) = [json.loads(row.fact.notes) for row in planned.after if row.fact.key == name and row.fact.notes]
    return notes.get("first_listed")


def test_a_model_that_nobody_dates_is_dated_by_the_day_it_was_first_listed_and_keeps_it():
    first = plan((), [full(undated("a/1"))])
    assert first_listed(first) == TODAY
    later = changes.plan(first.after, [full(undated("a/1", context_length=5))], now=TODAY + 86_400)
    assert first_listed(later) == TODAY
    assert changes.plan(first.after, [full(undated("a/1"))], now=TODAY + 86_400).changes == ()


def test_a_model_that_another_layer_dates_gets_no_day_of_its_own():
    planned = plan((), [full(model("a/1")), full(undated("a/1"), layer="team")])
    assert [json.loads(row.fact.notes) for row in planned.after] == [{}, {}]
