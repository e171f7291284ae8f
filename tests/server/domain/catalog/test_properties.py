"""What holds for any catalogue and any request."""

from __future__ import annotations

import ast
import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain import reference, strategies
from tests.server.domain.fixture import NOW, built, endpoint, listed, model, provider, selection, snapshot
from tests.server.domain.strategies import Pair
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.facts import Fact, Kind
from trunkline.server.domain.catalog.filters import FILTERS
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.catalog.sorts import SORTS

host_regions = st.sampled_from((None, None, None, "eu", "us"))


@given(strategies.catalogues(), st.lists(strategies.list_requests(), min_size=1, max_size=8), host_regions)
def test_the_index_agrees_with_a_slow_reading_of_the_description(
    facts: list[Fact], requests: list[list[Pair]], region: str | None
):
    of = snapshot(facts)
    for pairs in requests:
        answer = selection(of, *pairs, region=region)
        expected = reference.answer(list(of.rows), pairs, NOW, region)
        assert [of.rows[position].id for position in answer.positions] == expected.ids, pairs
        assert (answer.total, answer.next_offset) == (expected.total, expected.next_offset), pairs


def test_every_filter_is_drawn_at_random():
    assert strategies.FILTER_VALUES.keys() == FILTERS.keys()


EVERYTHING = ("output_modalities", "all")
"""Switches off the one filter that is on by default, so that others can be looked at by themselves."""
OF_ENDPOINTS = {"zdr", "region", "providers"}


def without_outputs(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[0] != "output_modalities"]


@given(strategies.catalogues(), strategies.filter_pairs(most=5).map(without_outputs))
def test_each_further_filter_leaves_a_subset_in_unchanged_order(facts: list[Fact], pairs: list[Pair]):
    of = snapshot(facts)
    for number in range(len(pairs)):
        before = listed(of, EVERYTHING, *pairs[:number])
        after = listed(of, EVERYTHING, *pairs[: number + 1])
        assert [model_id for model_id in before if model_id in after] == after


@given(strategies.catalogues(), strategies.filter_pairs(most=5), st.randoms())
def test_filters_commute(facts: list[Fact], pairs: list[Pair], shuffler: random.Random):
    of = snapshot(facts)
    shuffled = list(pairs)
    shuffler.shuffle(shuffled)
    assert listed(of, *pairs) == listed(of, *shuffled)


@given(strategies.catalogues(), strategies.filter_pairs(most=5).map(without_outputs))
def test_filters_of_rows_are_intersected_and_those_of_endpoints_narrow_further(facts: list[Fact], pairs: list[Pair]):
    of = snapshot(facts)
    together = set(listed(of, EVERYTHING, *pairs))
    met = set(listed(of, EVERYTHING)).intersection(*(listed(of, EVERYTHING, pair) for pair in pairs))
    assert together <= met
    if sum(name in OF_ENDPOINTS for name, _ in pairs) < 2:
        assert together == met


@given(strategies.catalogues(), strategies.filter_pairs(), st.sampled_from(sorted(SORTS)))
def test_a_sort_is_a_permutation_that_keeps_ties_and_puts_missing_values_last(
    facts: list[Fact], pairs: list[Pair], name: str
):
    of = snapshot(facts)
    plain = selection(of, *pairs).positions
    ordered = selection(of, *pairs, ("sort", name)).positions
    assert sorted(ordered) == sorted(plain)
    sort = SORTS[name]
    keys = [sort.key(of.rows[position].facets()) for position in ordered]
    known = [key for key in keys if key is not None]
    assert keys == known + [None] * (len(keys) - len(known))
    for (one, first), (other, second) in zip(
        zip(keys, ordered, strict=True), list(zip(keys, ordered, strict=True))[1:], strict=False
    ):
        if one == other:
            assert first < second, "ties stand in catalogue order"
        elif None not in {one, other}:
            assert (one > other) is sort.descending


@given(strategies.catalogues(), strategies.list_requests(), st.integers(1, 5))
def test_pages_partition_the_list(facts: list[Fact], pairs: list[Pair], limit: int):
    of = snapshot(facts)
    asked = [pair for pair in pairs if pair[0] not in {"offset", "limit"}]
    whole = selection(of, *asked)
    collected: list[int] = []
    offset: int | None = 0
    while offset is not None:
        page = selection(of, *asked, ("offset", str(offset)), ("limit", str(limit)))
        assert page.total == whole.total
        assert len(page.positions) == limit or page.next_offset is None, "only the last page may be short"
        collected += page.positions
        offset = page.next_offset
    assert collected == list(whole.positions)


@given(strategies.catalogues(), strategies.filter_pairs())
def test_the_count_is_the_total(facts: list[Fact], pairs: list[Pair]):
    of = snapshot(facts)
    values = query.read(pairs, query.MODEL_LIST)
    assert query.matches(of.index, values, NOW).sum() == selection(of, *pairs).total == len(listed(of, *pairs))


def content(of: Snapshot) -> Any:
    """Return everything that a snapshot answers from, in a form that compares."""
    index = of.index
    asked = [
        ("zdr", "true"),
        ("region", "eu"),
        ("region", "us"),
        ("providers", "google,openai"),
        ("distillable", "true"),
    ]
    return (
        [(row.id, row.body, row.notes, row.source) for row in of.rows],
        [[(e.key, e.wire, e.provider, e.data_policy, e.regions) for e in row.endpoints] for row in of.rows],
        {name: order.tolist() for name, order in index.orders.items()},
        {name: (column.distinct, column.codes.tolist()) for name, column in index.columns.items()},
        {name: {w: p.tolist() for w, p in posting.positions.items()} for name, posting in index.postings.items()},
        [listed(of, EVERYTHING, pair) for pair in asked],
        (of.positions, of.canonical, of.aliases, of.providers, of.minutes, of.valid, of.etag),
    )


moments = st.integers(NOW - 10 * 86_400, NOW + 10 * 86_400)


@given(strategies.catalogues(largest=4), moments, st.lists(moments, min_size=1, max_size=4))
def test_moving_the_clock_equals_building_anew(facts: list[Fact], start: int, stops: list[int]):
    moved = snapshot(facts, start)
    for stop in stops:
        moved = moved.at(stop)
        anew = snapshot(facts, stop)
        assert content(moved) == content(anew)
        assert moved.valid[0] <= stop < moved.valid[1]


@given(strategies.pricings(), moments, st.lists(moments, min_size=1, max_size=6))
def test_any_set_of_windows_follows_the_clock(priced: dict[str, Any], start: int, stops: list[int]):
    facts = [model("a/b", pricing=priced), endpoint("a/b", "p", pricing=priced)]
    moved = snapshot(facts, start)
    for stop in stops:
        moved = moved.at(stop)
        assert content(moved) == content(snapshot(facts, stop))


def of_kind(facts: list[Fact], kind: Kind) -> list[Fact]:
    return [fact for fact in facts if fact.kind is kind]


@given(strategies.catalogues(), st.randoms())
def test_the_order_of_facts_changes_nothing_but_the_order_of_a_model_s_own_endpoints(
    facts: list[Fact], shuffler: random.Random
):
    shuffled = [fact for fact in facts if fact.kind is not Kind.ENDPOINT]
    shuffler.shuffle(shuffled)
    shuffled += sorted(of_kind(facts, Kind.ENDPOINT), key=lambda fact: fact.key.split(" ", 1)[0])
    one, other = snapshot(facts), snapshot(shuffled)
    assert content(one) == content(other)
    assert sorted(one.warnings) == sorted(other.warnings)


@given(strategies.catalogues(), st.randoms())
def test_any_order_of_all_facts_makes_the_same_list_of_ids(facts: list[Fact], shuffler: random.Random):
    shuffled = list(facts)
    shuffler.shuffle(shuffled)
    assert [row.id for row in snapshot(facts).rows] == [row.id for row in snapshot(shuffled).rows]


@given(strategies.catalogues())
def test_building_twice_makes_the_same_and_leaves_the_facts_alone(facts: list[Fact]):
    before = [(fact.wire, fact.notes) for fact in facts]
    assert content(snapshot(facts)) == content(snapshot(facts))
    assert before == [(fact.wire, fact.notes) for fact in facts]


decimals = st.from_regex(r"(0|[1-9][0-9]{0,20})(\.[0-9]{1,40})?", fullmatch=True)


@given(decimals, decimals, moments, st.booleans())
def test_price_strings_survive_exactly(one: str, two: str, later: int, windowed: bool):
    stated: dict[str, Any] = {"prompt": one, "completion": two, "web_search": one, "future_price": two}
    if windowed:
        stated["overrides"] = [{"utc_start": 600, "utc_end": 1800, "input_cache_read": two}]
    facts = [model("a/b", pricing=stated), endpoint("a/b", "p", pricing=stated), model("a/derived")]
    facts.append(endpoint("a/derived", "p", pricing=stated))
    of = snapshot(facts).at(later)
    for shown in (
        of.find("a/b").decode()["pricing"],
        of.find("a/derived").decode()["pricing"],
        of.find("a/b").endpoints[0].wire["pricing"],
    ):
        assert {name: shown[name] for name in stated} == stated


@given(strategies.catalogues())
def test_every_row_is_a_whole_model_and_can_be_found_by_each_of_its_names(facts: list[Fact]):
    of = snapshot(facts)
    for row in of.rows:
        shown = row.decode()
        assert shown["id"] == row.id
        assert of.find(row.id) is row
        assert of.find(row.id.upper()) is row
        assert of.find(shown["canonical_slug"]) is not None
        assert of.find(f"{row.id}:nitro") is row
        for name in shown["links"]["details"].removeprefix("/api/v1/models/").removesuffix("/endpoints").split():
            assert of.find(name) is not None


@given(st.lists(st.tuples(st.sampled_from(("one", "two")), strategies.policies(), strategies.regions()), max_size=4))
def test_retention_region_and_provider_are_satisfied_by_one_endpoint_or_by_none(
    offers: list[tuple[str, dict[str, Any], list[str]]],
):
    facts = [provider("one", "One"), provider("two", "Two"), model("a/b")]
    facts += [
        endpoint("a/b", slug, number, {"data_policy": policy, "regions": regions})
        for number, (slug, policy, regions) in enumerate(offers)
    ]
    expected = any(
        slug == "one"
        and "eu" in regions
        and policy.get("training") is False
        and policy.get("retains") is not True
        and not policy.get("retention_days")
        and (policy.get("retains") is False or policy.get("retention_days") == 0)
        for slug, policy, regions in offers
    )
    found = listed(snapshot(facts), ("zdr", "true"), ("region", "eu"), ("providers", "One"))
    assert found == (["a/b"] if expected else [])
    assert listed(snapshot(facts), ("zdr", "true"), ("providers", "One"), region="eu") == found


BROKEN = (b"{}", b"[]", b'{"name":5}', b"\x00", b'{"pricing":{"prompt":"x"}}', b'{"name":"\\ud800"}')


@given(strategies.catalogues(), st.sampled_from(BROKEN))
def test_one_broken_row_is_told_and_takes_nothing_else_with_it(facts: list[Fact], broken: bytes):
    whole = snapshot(facts)
    of, problems = built([*facts, Fact(Kind.MODEL, "zz/broken", broken, b"{}", "test")])
    assert [row.body for row in of.rows] == [row.body for row in whole.rows]
    told = {problem.row for problem in problems} | {warning.split()[0] for warning in of.warnings}
    assert "zz/broken" in told
    assert len(problems) <= 1


def test_the_reference_shares_no_code_with_what_it_judges():
    tree = ast.parse(Path(reference.__file__).read_text())
    names = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.Import) for alias in node.names
    }
    assert names == {"annotations", "dataclass", "Fraction", "Any", "Row"}
