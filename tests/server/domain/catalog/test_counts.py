"""A count foretells what a list has when its choice is taken."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain import strategies
from tests.server.domain.fixture import NOW, conformance, snapshot
from tests.server.domain.strategies import Pair
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.counts import WORDS, counts
from trunkline.server.domain.catalog.facts import Fact
from trunkline.server.domain.catalog.filters import FILTERS


def taken(values: dict[str, Any], name: str, word: str) -> dict[str, Any]:
    """Return the values of a request with one more choice."""
    if not FILTERS[name].listed:
        return {**values, name: word}
    together = name in WORDS and WORDS[name].together
    return {**values, name: (*(values.get(name, ()) if together else ()), word)}


@given(strategies.catalogues(), strategies.filter_pairs(most=4), st.sampled_from((None, None, "eu", "us")))
def test_every_count_is_the_total_of_the_list_that_the_choice_leads_to(
    facts: list[Fact], pairs: list[Pair], region: str | None
):
    index = snapshot(facts).index
    values = query.read(pairs, query.USER_LIST)
    for name, words in counts(index, values, NOW, region).items():
        for word, count in words.items():
            assert count == query.select(index, taken(values, name, word), NOW, region).total > 0, (name, word)


def test_what_is_not_counted_would_leave_nothing():
    index = conformance().index
    found = counts(index, {}, NOW)
    assert found["region"] == {"eu": 3, "us": 8}
    assert found["distillable"] == {"true": 1, "false": 8}
    assert set(found) == {name for name, row in FILTERS.items() if row.listed or "enum" in row.schema}
    for name, words in (("input_modalities", ("video",)), ("model_authors", ("nobody",)), ("category", ("legal",))):
        for word in words:
            assert word not in found[name]
            assert query.select(index, taken({}, name, word), NOW).total == 0
