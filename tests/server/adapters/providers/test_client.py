"""Calls over real sockets: connections kept and given up, cancelled calls, TLS, and headers that cannot be sent."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.adapters.providers.conftest import attempt, endpoint, events_of, fault_of, sent, target, text_of
from tests.upstream.answers import STREAM_HEAD, chunked, completion, hello, hello_at_once, whole
from tests.upstream.listeners import HOST, certificate
from tests.upstream.scripted import Close, Hang, Reset, Send
from trunkline.server.adapters.providers import connections
from trunkline.server.adapters.providers.targets import Limits, Targets
from trunkline.server.adapters.providers.upstreams import Upstreams
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Delta, Event, Finished, Started, Used
from trunkline.server.domain.generation.fault import FaultType

pytestmark = pytest.mark.usefixtures("each_loop")
CHAT = {"model": "acme/m", "messages": [{"role": "user", "content": "Hi"}]}
PLAIN = attempt(CHAT)


@pytest.mark.parametrize("made", [PLAIN, attempt()], ids=["whole", "streamed"])
def test_a_call_that_is_cancelled_before_the_head_of_its_answer_closes_its_connection(provider, made: Attempt):
    provider.always(Hang())

    async def run() -> None:
        upstreams = Upstreams(Targets([target(provider.url)]), b"secret")
        waiting = asyncio.create_task(upstreams.whole(made) if made is PLAIN else events_of(upstreams, made))
        await asyncio.to_thread(provider.await_calls, 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.to_thread(provider.calls[0].gone.wait, 5)
        await upstreams.close()

    asyncio.run(run())


@pytest.mark.parametrize("last", [Close(), Reset()], ids=["closes", "resets"])
def test_a_whole_answer_is_asked_for_once_more_where_its_connection_had_died(provider, last):
    provider.then(*whole(completion())).then(last).then(*whole(completion()))
    answers = sent(PLAIN, PLAIN, to=target(provider.url))
    assert [text_of(events) for events in answers] == ["Hello", "Hello"]
    assert [call.connection for call in provider.calls] == [1, 1, 2]


def test_a_request_whose_answer_has_begun_goes_out_only_once(provider):
    provider.then(*whole(completion())).then(Send(b"HTTP/1.1 2"), Close())
    _, events = sent(PLAIN, PLAIN, to=target(provider.url))
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE
    assert len(provider.calls) == 2


def test_whole_and_streamed_answers_share_their_connections(provider):
    for _ in range(3):
        provider.then(*whole(completion())).then(*hello_at_once())
    answers = sent(*[PLAIN, attempt()] * 3, to=target(provider.url))
    assert [text_of(events) for events in answers] == ["Hello"] * 6
    assert provider.connections == 1


def test_answers_with_an_error_leave_their_connection_for_the_next(provider):
    provider.then(*whole({"error": {"message": "slow"}}, 429)).then(*whole({"error": {}}, 500)).then(*hello())
    *refused, events = sent(PLAIN, attempt(), attempt(), to=target(provider.url))
    assert [fault_of(one).status for one in refused] == [429, 500]
    assert text_of(events) == "Hello"
    assert provider.connections == 1


def test_a_redirect_is_not_followed(provider):
    provider.always(*whole({}, 307, ("location", f"{provider.url}/elsewhere")))
    (events,) = sent(PLAIN, to=target(provider.url))
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE
    assert len(provider.calls) == 1


def test_proxies_of_the_environment_are_passed_over(provider, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    provider.always(*whole(completion()))
    (events,) = sent(PLAIN, to=target(provider.url))
    assert text_of(events) == "Hello"


def test_an_answer_in_many_pieces_has_the_idle_limit_between_them(provider):
    said = whole(completion())[0].data
    provider.always(Send(said[:-20]), Hang())
    limits = Limits(connect=5, first_byte=60, first_byte_slow=60, idle=0.2)
    (events,) = sent(PLAIN, to=target(provider.url, limits=limits))
    assert fault_of(events).type is FaultType.TIMEOUT


def test_all_that_a_request_says_goes_out(provider):
    provider.always(*whole(completion()))
    to = target(provider.url, headers=(("x-team", "a b"), ("x-more", "grün")))
    sent(attempt(CHAT | {"odd": [1, {}]}), to=to)
    call = provider.calls[0]
    assert call.head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert (call.header("x-team"), call.header("x-more")) == ("a b", "grün")
    assert call.header("host") == f"127.0.0.1:{provider.port}"
    assert call.header("content-length") == str(len(call.body))
    assert json.loads(call.body)["odd"] == [1, {}]


@pytest.mark.parametrize(
    "header", [("x-team", "a\r\nx-other: b"), ("x-team", "a\nb"), ("x-team", "a\0"), ("x team", "a"), ("x:", "a")]
)
@pytest.mark.parametrize("made", [PLAIN, attempt()], ids=["whole", "streamed"])
def test_a_header_that_would_end_its_line_is_a_fault_and_nothing_is_sent(provider, header, made):
    (events,) = sent(made, to=target(provider.url, headers=(header,)))
    assert fault_of(events).message == "The provider's headers cannot be sent"
    assert not provider.calls


def test_a_key_that_would_end_its_line_is_not_told(provider, caplog):
    (events,) = sent(PLAIN, to=target(provider.url, key="sk-canary\r\nx: y"))
    assert "canary" not in fault_of(events).message
    assert "canary" not in caplog.text
    assert not provider.calls


def test_a_path_with_odd_characters_is_written_so_that_it_stays_one(provider):
    provider.always(*whole({"candidates": []}))
    odd = endpoint(notes={"upstream_model": "a b\r\nx: y"})
    sent(attempt(CHAT, odd), to=target(provider.url, dialect="gemini"))
    assert provider.calls[0].path.endswith("/models/a%20b%0D%0Ax%3A%20y:generateContent")


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a certificate for 127.0.0.1 that this process trusts, as SSL_CERT_FILE has it."""
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    connections.secured.cache_clear()
    yield file
    connections.secured.cache_clear()


async def over_tls(file: Path, url: str, *made: Attempt) -> tuple[list[list[Event]], list[str | None]]:
    """Return what comes of attempts at a server that speaks TLS with a certificate, and what it was asked to speak."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    spoken: list[str | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                writer.write(b"".join(step.data for step in (hello_at_once() if b"event-stream" in head else BODY)))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def resolve(host: str, port: int) -> list[str]:
        return [HOST]

    server = await asyncio.start_server(talk, HOST, 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    upstreams = Upstreams(Targets([target(url.format(port=port))]), b"secret", resolve=resolve)
    try:
        return [await events_of(upstreams, one) for one in made], spoken
    finally:
        await upstreams.close()
        server.close()
        await server.wait_closed()


BODY = whole(completion())


def test_tls_is_spoken_with_whom_the_system_trusts(trusted):
    answers, spoken = asyncio.run(over_tls(trusted, "https://127.0.0.1:{port}/v1", PLAIN, attempt(), PLAIN))
    assert [text_of(events) for events in answers] == ["Hello"] * 3
    assert spoken == ["http/1.1"]


def test_a_certificate_for_another_name_is_refused(trusted):
    answers, _ = asyncio.run(over_tls(trusted, "https://models.example:{port}/v1", PLAIN))
    assert fault_of(answers[0]).message == "The provider could not be reached"


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path):
    answers, _ = asyncio.run(over_tls(certificate(tmp_path), "https://127.0.0.1:{port}/v1", PLAIN))
    assert fault_of(answers[0]).message == "The provider could not be reached"


def test_a_stream_that_answers_a_request_for_a_whole_answer_is_read_until_it_says_that_it_is_over(provider):
    said = b"".join(step.data for step in hello()[1:-1])
    provider.then(Send(STREAM_HEAD), Send(said), Hang()).then(Send(STREAM_HEAD + said + chunked(b":")), Hang())
    for events in sent(PLAIN, PLAIN, to=target(provider.url)):
        assert [type(event) for event in events] == [Started, Delta, Delta, Finished, Used]
        assert text_of(events) == "Hello"
