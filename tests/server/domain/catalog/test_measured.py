"""What traffic taught moves inside a snapshot without a rebuild, and ends in the same answers as one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.fixture import NOW, conformance, endpoint, model, price, snapshot
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.index import NOTHING_LEARNED, Index, Learned, Measured
from trunkline.server.domain.catalog.snapshot import ORDERS
from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.usecases.endpoints import list_endpoints

measures = st.builds(
    Measured,
    latency_p50=st.none() | st.floats(0, 1e6),
    throughput_p50=st.none() | st.floats(0, 1e6),
    tokens_7d=st.none() | st.integers(0, 10**15),
    tool_success_rate=st.none() | st.decimals(0, 1, places=4),
)
SNAPSHOT = conformance()


@given(st.dictionaries(st.integers(0, len(SNAPSHOT.rows) - 1), measures))
def test_new_columns_answer_like_an_index_built_of_them(models: dict[int, Measured]):
    facets = [replace(row.facets(), measured=models.get(n, Measured())) for n, row in enumerate(SNAPSHOT.rows)]
    rebuilt, moved = Index.of(facets, ORDERS), SNAPSHOT.measured(Learned(models, {})).index
    for name in SORTS:
        values = {"sort": name, "output_modalities": ()}
        assert query.select(moved, values, NOW).positions == query.select(rebuilt, values, NOW).positions
    for low, high in ((None, None), (Decimal("0.5"), None), (None, Decimal("0.9"))):
        of = [each.columns["tool_success_rate"].between(low, high).tolist() for each in (moved, rebuilt)]
        assert of[0] == of[1]


def test_the_same_lesson_twice_changes_nothing():
    lesson = Learned({0: Measured(tokens_7d=5)}, {})
    once = SNAPSHOT.measured(lesson)
    assert once is not SNAPSHOT
    assert once.measured(Learned({0: Measured(tokens_7d=5)}, {})) is once
    assert once.rows is SNAPSHOT.rows
    assert once.measured(NOTHING_LEARNED).index.orders["top-weekly"].tolist() == list(range(len(SNAPSHOT.rows)))


def test_lessons_are_kept_when_prices_move_on():
    windowed = price("1", "1", overrides=[{"utc_start": 1300, "utc_end": 1400, "prompt": "0.5"}])
    before = snapshot([model("a/one", created=9, pricing=windowed), model("a/two", created=8)])
    position = before.positions["a/two"]
    taught = before.measured(Learned({position: Measured(tokens_7d=1)}, {"k": {"uptime_last_5m": 50.0}}))
    after = taught.at(NOW + 3600)
    assert after is not taught
    assert after.learned == taught.learned
    assert after.index.orders["top-weekly"][0] == position


def test_endpoints_show_what_was_measured_and_percentiles_to_callers_with_a_key_only():
    of = snapshot([model("a/one", created=1), endpoint("a/one", "p", uptime_last_1d=99.5, latency_last_30m=None)])
    (key,) = (each.key for each in of.rows[0].endpoints)
    times = {"p50": 1.0, "p75": 2.0, "p90": 3.0, "p99": 4.0}
    taught = of.measured(Learned({}, {key: {"uptime_last_5m": 50.0, "latency_last_30m": times}}))
    (anonymous,) = list_endpoints(taught, "a/one")["endpoints"]
    (known,) = list_endpoints(taught, "a/one", frozenset())["endpoints"]
    assert (anonymous["uptime_last_5m"], anonymous["uptime_last_1d"], anonymous["latency_last_30m"]) == (50, 99.5, None)
    assert (known["uptime_last_5m"], known["latency_last_30m"], known["throughput_last_30m"]) == (50, times, None)
