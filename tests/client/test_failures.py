"""Timeouts, refused and broken connections: typed, told of the request, and never of the key."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.client.conftest import Call
from tests.client.rows import model, page
from tests.client.upstream import Answer, Upstream, answer
from tests.live.servers import free_port
from trunkline import OpenRouter, errors

KEY = "sk-canary"


@pytest.fixture
def secretive(upstream: Upstream) -> Iterator[OpenRouter]:
    """A client with a key that must not show up anywhere."""
    with OpenRouter(api_key=KEY, server_url=upstream.url, retry_config=None, timeout_ms=5_000) as made:
        yield made


def test_an_answer_that_takes_too_long_is_a_timeout(upstream: Upstream, secretive: OpenRouter, call: Call):
    stall = threading.Event()
    upstream.plays(Answer(stall=stall))
    try:
        with pytest.raises(errors.TimedOutError) as raised:
            call(secretive, "models.list", sort="newest", timeout_ms=100)
    finally:
        stall.set()
    assert str(raised.value) == f"GET {upstream.url}/models?sort=newest: no complete answer within 100 ms"
    assert isinstance(raised.value, (TimeoutError, errors.OpenRouterError))
    assert (raised.value.status_code, raised.value.body, len(raised.value.headers)) == (0, "", 0)


def test_the_clients_timeout_holds_for_calls_that_say_nothing(upstream: Upstream, call: Call):
    stall = threading.Event()
    upstream.plays(Answer(stall=stall))
    try:
        with (
            OpenRouter(server_url=upstream.url, timeout_ms=100, retry_config=None) as client,
            pytest.raises(errors.TimedOutError, match="within 100 ms"),
        ):
            call(client, "providers.list")
    finally:
        stall.set()


def test_a_refused_connection_says_so(secretive: OpenRouter, call: Call):
    nobody = f"http://127.0.0.1:{free_port()}/api/v1"
    with pytest.raises(errors.ConnectionFailedError, match=r"(?i)connection refused") as raised:
        call(secretive, "models.list", server_url=nobody)
    assert isinstance(raised.value, ConnectionError)
    assert f"GET {nobody}/models" in str(raised.value)
    assert KEY not in f"{raised.value}{raised.value!r}{raised.value.request!r}{raised.value.__cause__}"


def test_a_host_that_does_not_exist_says_so(secretive: OpenRouter):
    with pytest.raises(errors.ConnectionFailedError, match=r"(?i)dns|resol|lookup"):
        secretive.models.list(server_url="http://nowhere.invalid/api/v1")


@pytest.mark.parametrize(
    "broken",
    [
        Answer(drop=True),
        Answer(200, b'{"data": []}', {"content-type": "application/json"}, cut=True),
        Answer(200, b"not gzip", {"content-type": "application/json", "content-encoding": "gzip"}),
    ],
    ids=["no answer", "half an answer", "an answer that cannot be unpacked"],
)
def test_a_broken_answer_is_a_failed_connection(upstream: Upstream, secretive: OpenRouter, call: Call, broken: Answer):
    upstream.plays(broken, answer(page(model())))
    with pytest.raises(errors.ConnectionFailedError) as raised:
        call(secretive, "models.list")
    assert f"GET {upstream.url}/models: " in str(raised.value)
    # The client is as good as new afterwards.
    assert len(call(secretive, "models.list").data) == 1


def test_a_password_in_the_address_is_not_repeated(upstream: Upstream):
    address = f"http://someone:hidden@127.0.0.1:{free_port()}/api/v1"
    with (
        OpenRouter(server_url=address, retry_config=None) as client,
        pytest.raises(errors.ConnectionFailedError) as raised,
    ):
        client.models.list()
    assert "hidden" not in f"{raised.value}{raised.value!r}"


class Notes:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, msg: str, *args: object) -> None:
        self.lines.append(msg % args)


def test_the_debug_logger_is_told_of_attempts_and_answers_but_of_no_key(upstream: Upstream, call: Call):
    notes = Notes()
    upstream.plays(answer(page(model())))
    with OpenRouter(api_key=KEY, server_url=upstream.url, debug_logger=notes, timeout_ms=5_000) as client:
        call(client, "models.list", q="x")
        with pytest.raises(errors.ConnectionFailedError):
            call(client, "models.list", server_url=f"http://127.0.0.1:{free_port()}/api/v1", retries=None)
    told = "\n".join(notes.lines)
    assert f"GET {upstream.url}/models?q=x: 200" in told
    assert "refused" in told.lower()
    assert KEY not in told
    assert "acme/one" not in told
