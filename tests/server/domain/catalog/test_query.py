"""Reading list requests and paging (spec 1.1, 3.3, cases 1 to 15)."""

from __future__ import annotations

import pytest

from tests.server.domain.fixture import (
    CATALOGUE_ORDER,
    NOW,
    conformance,
    listed,
    model,
    names,
    selection,
    snapshot,
)
from trunkline.server.domain.catalog import query
from trunkline.server.errors import BadRequest


def test_without_paging_the_whole_list_is_one_page():
    answer = selection(conformance())
    assert (len(answer.positions), answer.total, answer.next_offset) == (9, 9, None)


@pytest.mark.parametrize(
    ("pairs", "page", "next_offset"),
    [
        ((("offset", "0"), ("limit", "4")), "M10 M3 M8 M2", 4),
        ((("offset", "4"), ("limit", "4")), "M6 M4 M5 M9", 8),
        ((("offset", "8"), ("limit", "4")), "M1", None),
        ((("limit", "9"),), CATALOGUE_ORDER, None),
        ((("limit", "8"),), "M10 M3 M8 M2 M6 M4 M5 M9", 8),
        ((("limit", "1000"),), CATALOGUE_ORDER, None),
        ((("offset", "3"),), "M2 M6 M4 M5 M9 M1", None),
        ((("offset", "500"),), "", None),
        ((("offset", "9"), ("limit", "1")), "", None),
        ((("offset", "99999999999999999999999999"), ("limit", "1")), "", None),
        ((("offset", ""),), CATALOGUE_ORDER, None),
        ((("offset", ""), ("limit", "1")), "M10", 1),
    ],
)
def test_a_page_is_cut_out_of_the_list(pairs: tuple[tuple[str, str], ...], page: str, next_offset: int | None):
    answer = selection(conformance(), *pairs)
    assert names(listed(conformance(), *pairs)) == page
    assert (answer.total, answer.next_offset) == (9, next_offset)


def test_with_an_offset_alone_a_page_has_five_hundred_rows():
    of = snapshot([model(f"a/m{number:04}", created=1) for number in range(1203)])
    first = selection(of, ("offset", "0"))
    assert (len(first.positions), first.total, first.next_offset) == (500, 1203, 500)
    last = selection(of, ("offset", "1000"))
    assert (len(last.positions), last.next_offset) == (203, None)
    assert len(selection(of).positions) == 1203
    assert len(selection(of, ("limit", "1000")).positions) == 1000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "1001"), ("limit", "1.5"), ("limit", ""), ("limit", "abc"), ("limit", "-1"),
        ("limit", "1e2"), ("limit", "٣"), ("limit", "99999999999999999999"), ("offset", "-1"), ("offset", "1.0"),
        ("offset", "abc"), ("offset", "9" * 401),
    ],
)  # fmt: skip
def test_a_page_outside_of_the_bounds_is_refused_and_not_clamped(name: str, value: str):
    with pytest.raises(BadRequest) as refused:
        selection(conformance(), (name, value))
    assert [issue.path for issue in refused.value.issues] == [name]


def test_the_pages_of_a_sorted_and_filtered_list_keep_its_order():
    asked = (("sort", "pricing-high-to-low"), ("zdr", "true"))
    whole = listed(conformance(), *asked)
    pages = [listed(conformance(), *asked, ("offset", str(start)), ("limit", "2")) for start in range(0, 6, 2)]
    assert [model_id for page in pages for model_id in page] == whole


@pytest.mark.parametrize(("output", "count"), [(None, 9), ("all", 10), ("embeddings", 1), ("image", 1), ("speech", 0)])
def test_the_count_is_the_total_of_the_list(output: str | None, count: int):
    pairs = [] if output is None else [("output_modalities", output)]
    of = conformance()
    assert query.matches(of.index, query.read(pairs, query.COUNT), NOW).sum() == count
    assert selection(of, *pairs).total == count


def test_the_count_takes_no_parameter_but_the_outputs():
    pairs = [("zdr", "nonsense"), ("limit", "0"), ("output_modalities", "text")]
    assert query.read(pairs, query.COUNT) == {"output_modalities": ("text",)}


def test_unknown_parameters_are_left_out():
    assert query.read([("nonsense", "1"), ("LIMIT", "5"), ("", ""), ("limit[]", "5")], query.MODEL_LIST) == {}


def test_parameters_have_names_of_their_own():
    assert len({row.name for row in query.MODEL_LIST}) == len(query.MODEL_LIST) == 31
