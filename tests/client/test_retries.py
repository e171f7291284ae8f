"""Which calls are made again, when, and for how long."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.conftest import QUICK, Call
from tests.client.rows import model, page
from tests.client.upstream import Answer, Upstream, answer, failure
from tests.live.servers import free_port
from trunkline import OpenRouter, errors, utils
from trunkline.client import backoff
from trunkline.errors import Headers, Request, Response

REQUEST = Request("GET", "http://h/api/v1/models", ())
SOON = utils.RetryConfig("backoff", utils.BackoffStrategy(1, 5, 1.5, QUICK), True)
NOW = 1_800_000_000.0


def came(status: int, **headers: str) -> Response:
    return Response(status, Headers((name.replace("_", "-"), value) for name, value in headers.items()), b"", REQUEST)


def wait(
    outcome: Response | errors.NoResponseError, config: utils.RetryConfig | None, **changes: float
) -> float | None:
    known = {"repeats": 0, "elapsed_ms": 0.0, "chance": 0.0, "now": NOW} | changes
    return backoff.wait_ms(config, outcome, **known)  # type: ignore[arg-type]


def strategy(longest: int = 60_000, *, connections: bool = True, name: str = "backoff") -> utils.RetryConfig:
    return utils.RetryConfig(name, utils.BackoffStrategy(500, 60_000, 1.5, longest), connections)


def test_a_server_error_is_waited_out(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(failure(500), failure(503), failure(529), answer(page(model())))
    assert call(client, "models.list", retries=SOON).data[0].id == "acme/one"
    assert len(upstream.asked) == 4


def test_a_lost_connection_is_waited_out(upstream: Upstream, client: OpenRouter, call: Call):
    cut = Answer(200, b'{"data": []}', {"content-type": "application/json"}, cut=True)
    upstream.plays(Answer(drop=True), cut, answer(page(model())))
    assert call(client, "models.list", retries=SOON).data[0].id == "acme/one"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 418, 429])
def test_a_callers_mistake_is_not_repeated(upstream: Upstream, client: OpenRouter, call: Call, status: int):
    upstream.plays(failure(status, retry_after="0"))
    with pytest.raises(errors.OpenRouterError):
        call(client, "models.list", retries=SOON)
    assert len(upstream.asked) == 1


def test_a_server_that_does_not_recover_raises_its_last_error(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(failure(500, "first"), failure(503, "last"))
    brief = utils.RetryConfig("backoff", utils.BackoffStrategy(1, 2, 1.5, 300), True)
    with pytest.raises(errors.ServiceUnavailableResponseError, match="last"):
        call(client, "models.list", retries=brief)
    assert len(upstream.asked) > 1


def test_a_connection_that_stays_refused_raises_in_the_end(client: OpenRouter, call: Call):
    brief = utils.RetryConfig("backoff", utils.BackoffStrategy(1, 2, 1.5, 50), True)
    with pytest.raises(errors.ConnectionFailedError):
        call(client, "models.list", server_url=f"http://127.0.0.1:{free_port()}/api/v1", retries=brief)


def test_none_means_a_single_attempt(upstream: Upstream, call: Call):
    upstream.plays(failure(500))
    with (
        OpenRouter(server_url=upstream.url, retry_config=SOON) as client,
        pytest.raises(errors.InternalServerResponseError),
    ):
        call(client, "models.list", retries=None)
    assert len(upstream.asked) == 1


def test_the_clients_setting_holds_for_calls_that_say_nothing(upstream: Upstream, call: Call):
    upstream.plays(failure(500), answer(page(model())))
    with OpenRouter(server_url=upstream.url, retry_config=SOON) as client:
        assert call(client, "models.list").data
    assert len(upstream.asked) == 2


def test_a_wait_that_the_server_asks_for_is_waited_through(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(failure(503, retry_after_ms="120"), answer(page(model())))
    slow = utils.RetryConfig("backoff", utils.BackoffStrategy(3_000, 3_000, 1.0, 4_000), True)
    began = time.monotonic()
    call(client, "models.list", retries=slow)
    # Longer than asked, and not the three seconds of the strategy.
    assert 0.12 <= time.monotonic() - began < 2


def test_a_wait_beyond_the_bound_is_not_begun(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(failure(503, retry_after="3600"))
    with pytest.raises(errors.ServiceUnavailableResponseError):
        call(client, "models.list", retries=strategy())
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 524, 529, 599])
def test_every_status_from_500_on_is_repeated(status: int):
    assert wait(came(status), strategy()) == 500


@pytest.mark.parametrize("status", [200, 304, 400, 404, 429, 499])
def test_no_other_status_is_repeated(status: int):
    assert wait(came(status, retry_after="1"), strategy()) is None


def test_connection_errors_are_repeated_when_the_strategy_says_so():
    lost = errors.ConnectionFailedError("lost", REQUEST)
    assert wait(lost, strategy()) == 500
    assert wait(lost, strategy(connections=False)) is None
    assert wait(came(500), strategy(connections=False)) == 500


@pytest.mark.parametrize("config", [None, strategy(name="none"), strategy(name="linear")])
def test_only_the_strategy_backoff_repeats(config: utils.RetryConfig | None):
    assert wait(came(500), config) is None


@pytest.mark.parametrize(
    ("headers", "milliseconds"),
    [
        ({"retry_after": "2"}, 2000),
        ({"retry_after": "0.25"}, 250),
        ({"retry_after_ms": "750"}, 750),
        ({"retry_after_ms": "750", "retry_after": "9"}, 750),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9000),
        ({"retry_after": formatdate(NOW + 3, usegmt=True)}, 3000),
    ],
)
def test_what_the_server_asks_for_is_waited_exactly(headers: dict[str, str], milliseconds: float):
    assert wait(came(503, **headers), strategy(), chance=0.9, repeats=3) == milliseconds


@pytest.mark.parametrize(
    "value", ["", "0", "-5", "nan", "inf", "soon", formatdate(NOW - 60, usegmt=True), "Fri, 99 Foo 2026 99:99:99 GMT"]
)
def test_a_wait_that_makes_no_sense_is_replaced_by_our_own(value: str):
    assert wait(came(503, retry_after=value), strategy()) == 500


@given(st.integers(1, 10_000), st.integers(1, 100_000), st.floats(1, 10), st.integers(0, 10_000), st.floats(0, 1))
def test_waits_stay_within_their_bounds_however_often_a_call_was_repeated(
    initial: int, longest: int, exponent: float, repeats: int, chance: float
):
    waited = utils.BackoffStrategy(initial, longest, exponent, 10**9).wait_ms(repeats, chance)
    assert min(initial, longest) / 2 <= waited <= longest


@given(st.floats(0, 100_000), st.integers(0, 40), st.floats(0, 0.999))
def test_no_wait_ends_after_the_whole_call_may(elapsed: float, repeats: int, chance: float):
    waited = wait(came(500), strategy(30_000), elapsed_ms=elapsed, repeats=repeats, chance=chance)
    assert waited is None or elapsed + waited <= 30_000
