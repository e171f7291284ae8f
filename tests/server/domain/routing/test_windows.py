"""What attempts teach about an endpoint, window by window."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.generation.record import AttemptRecord
from trunkline.server.domain.routing.windows import (
    SAMPLES,
    History,
    Sample,
    Seen,
    cooldown,
    ended,
    percentiles,
    plain,
)

NOW = 1_787_400_000.0
CHANCE = random.Random(7).random


def attempt(**fields: object) -> AttemptRecord:
    told = {"endpoint": "m a 0", "model": "m", "provider": "a", "provider_name": "A", "status": 200, "latency_ms": 10.0}
    return AttemptRecord(**(told | {"ok": fields.get("status", 200) == 200} | fields))


def history(*attempts: tuple[float, AttemptRecord]) -> History:
    made = History()
    for ago, each in attempts:
        made.add(each, NOW - ago, CHANCE)
    return made


def timed(first: float, streaming: float = 0.0, tokens: int = 0) -> AttemptRecord:
    return attempt(first_token_ms=first, streaming_ms=streaming, output_tokens=tokens)


def test_nothing_is_known_of_an_endpoint_without_traffic():
    found = History().statistics(NOW)
    assert (found.latency, found.throughput, found.uptime_30m, found.tool_success) == (None, None, None, None)
    assert (found.requests_30m, found.attempts_30s, found.cooling_until) == (0, 0, 0)


def test_uptime_counts_successes_and_failures_that_count_in_each_window():
    kept = history(
        (10, attempt()),
        (10, attempt(status=500)),
        (10, attempt(status=400, counts=False)),
        (10, attempt(status=429, counts=False, rate_limited=True)),
        (20 * 60, attempt()),
        (20 * 60, attempt()),
        (20 * 3600, attempt(status=500)),
    )
    found = kept.statistics(NOW)
    assert (found.uptime_5m, found.uptime_30m, found.uptime_1d) == (50.0, 75.0, 60.0)
    assert found.requests_30m == 4


@pytest.mark.parametrize(("ago", "failures"), [(0, 1), (29, 1), (31, 0)])
def test_an_outage_looks_thirty_seconds_back(ago: float, failures: int):
    assert history((ago, attempt(status=500))).statistics(NOW).failures_30s == failures


@pytest.mark.parametrize(
    ("each", "seconds"),
    [
        (attempt(status=429, rate_limited=True), 30),
        (attempt(status=429, rate_limited=True, retry_after=7), 7),
        (attempt(status=503, retry_after=9), 9),
        (attempt(status=503), None),
        (attempt(status=500, retry_after=9), None),
        (attempt(), None),
    ],
)
def test_an_endpoint_cools_down_after_a_429_and_after_a_503_that_says_how_long(
    each: AttemptRecord, seconds: int | None
):
    assert cooldown(each) == seconds
    cooling = history((0, each)).statistics(NOW).cooling_until
    assert cooling == (0 if seconds is None else NOW + seconds)


def test_a_shorter_pause_does_not_end_a_longer_one():
    kept = history(
        (2, attempt(status=429, rate_limited=True, retry_after=40)),
        (1, attempt(status=429, rate_limited=True, retry_after=5)),
    )
    assert kept.statistics(NOW).cooling_until == NOW + 38


def test_percentiles_of_latency_ascend_and_those_of_throughput_descend():
    kept = history(*((60, timed(float(ms), 1000.0 - ms, 100 * ms)) for ms in range(1, 101)))
    found = kept.statistics(NOW)
    assert found.latency is not None
    assert found.throughput is not None
    assert found.latency.samples == 100
    assert found.latency.p50 <= found.latency.p75 <= found.latency.p90 <= found.latency.p99
    assert found.throughput.p50 >= found.throughput.p75 >= found.throughput.p90 >= found.throughput.p99


def test_percentiles_are_exact_where_every_time_is_kept():
    sample = Sample(seen=50, kept=[float(number) for number in range(1, 51)])
    up, down = percentiles([sample], descending=False), percentiles([sample], descending=True)
    assert up is not None
    assert down is not None
    assert (up.p50, up.p90, up.p99) == (25, 45, 50)
    assert (down.p50, down.p90, down.p99) == (26, 6, 1)


def test_throughput_counts_the_wait_for_the_first_token():
    found = history((1, timed(500.0, 1500.0, 100))).statistics(NOW)
    assert found.throughput is not None
    assert found.throughput.p50 == 50


def test_sparse_traffic_widens_the_window_until_there_are_five_samples():
    old, recent = timed(900.0), timed(100.0)
    few = history((20 * 60, old), (60, recent), (60, recent)).statistics(NOW)
    assert few.latency is not None
    assert few.latency.samples == 3  # not even the half hour has five: the day counts
    enough = history(*[(20 * 60, old)] * 9, *[(60, recent)] * 5).statistics(NOW)
    assert enough.latency is not None
    assert (enough.latency.p99, enough.latency.samples) == (100, 5)
    assert enough.latency_30m is not None
    assert enough.latency_30m.samples == 14


def test_tool_calls_are_judged_over_two_hours():
    called = attempt(tool_calls=True, bad_tool_call=False)
    kept = history((60, called), (3600, called), (3600, attempt(tool_calls=True, bad_tool_call=True)), (9000, called))
    found = kept.statistics(NOW)
    assert (found.tool_requests_2h, found.tool_success) == (3, pytest.approx(2 / 3))


def test_what_is_too_old_is_dropped():
    kept = history((0, attempt()), (0, timed(1.0)))
    assert kept.forget(NOW + 3600)
    assert kept.statistics(NOW + 3600).requests_30m == 0
    assert kept.statistics(NOW + 3600).uptime_1d == 100
    assert not kept.forget(NOW + 2 * 86400)


def test_an_attempt_ends_after_all_that_it_streamed_and_never_in_the_future():
    each = attempt(started=NOW - 100, first_token_ms=500.0, streaming_ms=9500.0)
    assert ended(each, NOW) == NOW - 90
    assert ended(each, NOW - 95) == NOW - 95
    assert ended(attempt(), NOW) == NOW


@given(st.lists(st.lists(st.integers(1, 1000), max_size=100), max_size=8), st.randoms(use_true_random=False))
def test_samples_stay_bounded_and_hold_only_what_was_seen(parts: list[list[int]], luck: random.Random):
    whole = Sample()
    for part in parts:
        one = Sample()
        for value in part:
            one.add(float(value), luck.random)
        whole.merge(one, luck.random)
    everything = [value for part in parts for value in part]
    assert whole.seen == len(everything)
    assert len(whole.kept) == min(len(everything), SAMPLES) or (len(everything) > SAMPLES == len(whole.kept))
    assert set(whole.kept) <= set(everything)


@given(
    st.lists(
        st.tuples(st.integers(0, 7200), st.sampled_from([200, 429, 500, 503]), st.booleans(), st.integers(1, 900)),
        max_size=60,
    )
)
def test_what_two_processes_saw_adds_up_to_what_one_would_have_seen(events: list[tuple[int, int, bool, int]]):
    together, apart = History(), History()
    half = (Seen(), Seen())
    for number, (ago, status, tools, first) in enumerate(events):
        limited = status == 429
        each = attempt(
            status=status,
            rate_limited=limited,
            tool_calls=tools,
            bad_tool_call=bool(first % 2) if tools else None,
            first_token_ms=float(first),
            output_tokens=first,
        )
        together.add(each, NOW - ago, CHANCE)
        half[number % 2].add(each, NOW - ago, CHANCE)
    for seen in half:
        apart.merge(seen, CHANCE)
    assert apart.statistics(NOW) == together.statistics(NOW)


@given(
    st.lists(
        st.builds(
            attempt,
            endpoint=st.sampled_from(["m a 0", "m b 0"]),
            ok=st.booleans(),
            status=st.sampled_from([200, 429, 500, 503]),
            rate_limited=st.booleans(),
            first_token_ms=st.none() | st.floats(0, 1000),
            tool_calls=st.booleans(),
            started=st.floats(NOW - 120, NOW),
        ),
        max_size=40,
    )
)
def test_successes_counted_together_teach_what_they_teach_one_by_one(attempts):
    one_by_one, together = Seen(), Seen()
    for each in attempts:
        one_by_one.add(each, ended(each, NOW), lambda: 0.0)
    counts, others = plain(attempts, NOW)
    for (_, second), count in counts.items():
        together.serve(count, second)
    for each in others:
        together.add(each, ended(each, NOW), lambda: 0.0)
    assert together == one_by_one
