"""What the catalogue learns: a model is as good as the best of its endpoints that everybody may know of."""

from decimal import Decimal

from tests.server.domain.fixture import endpoint, model, snapshot
from trunkline.server.domain.catalog.index import Measured
from trunkline.server.domain.routing.learning import Places, learned
from trunkline.server.domain.routing.statistics import EndpointStatistics, Percentiles


def times(p50: float) -> Percentiles:
    return Percentiles(p50, p50 + 1, p50 + 2, p50 + 3, 9)


OF = snapshot(
    [
        model("a/one", created=1),
        model("a/two", created=1),
        endpoint("a/one", "p"),
        endpoint("a/one", "q"),
        endpoint("a/one", "own", notes={"private_to": ["acc"]}),
    ]
)
PLACES = Places.of(OF.rows)


def test_a_model_is_measured_by_the_best_of_its_public_endpoints():
    found = learned(
        PLACES,
        {
            "a/one p 0": EndpointStatistics(latency=times(300), throughput=times(20)),
            "a/one q 0": EndpointStatistics(latency=times(200), throughput=times(10)),
            "a/one own 0": EndpointStatistics(latency=times(1), throughput=times(1000)),
        },
        {},
    )
    assert found.models == {OF.positions["a/one"]: Measured(latency_p50=200, throughput_p50=20)}


def test_tool_success_is_weighed_by_requests():
    found = learned(
        PLACES,
        {
            "a/one p 0": EndpointStatistics(tool_requests_2h=3, tool_success=1.0),
            "a/one q 0": EndpointStatistics(tool_requests_2h=1, tool_success=0.0),
        },
        {},
    )
    assert found.models[OF.positions["a/one"]].tool_success_rate == Decimal("0.75")


def test_tokens_go_to_the_model_of_their_permaslug_and_unknown_ones_nowhere():
    slug = OF.rows[OF.positions["a/two"]].standing.permaslug
    found = learned(PLACES, {}, {slug: 7, "gone/model": 9})
    assert found.models == {OF.positions["a/two"]: Measured(tokens_7d=7)}


def test_an_endpoint_shows_what_is_known_and_nothing_else():
    seen = EndpointStatistics(uptime_30m=99.12345, latency=times(5), latency_30m=times(100.00049))
    assert learned(PLACES, {"a/one own 0": seen, "gone x 0": EndpointStatistics()}, {}).endpoints == {
        "a/one own 0": {
            "uptime_last_30m": 99.123,
            "latency_last_30m": {"p50": 100.0, "p75": 101.0, "p90": 102.0, "p99": 103.0},
        }
    }
