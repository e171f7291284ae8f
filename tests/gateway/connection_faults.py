"""Faults of names, connections and HTTP itself."""

from __future__ import annotations

from typing import Final

from tests.gateway.fault_rows import ANSWER, OVERLOADED, TIMEOUT, Row, everywhere, raw, sized
from tests.gateway.faulty import IMPATIENT
from tests.upstream.answers import END, STREAM_HEAD, chunked, completion, delta, hello, streamed, whole
from tests.upstream.scripted import Close, Hang, Pause, Reset, Send

_WHOLE: Final = whole(completion())
_BODY: Final = _WHOLE[0].data
_CUT: Final = len(_BODY) // 2
_HELLO: Final = b"".join(step.data for step in hello())
_BEGUN: Final = delta(role="assistant", content="")

CONNECTIONS: Final = [
    everywhere("dns", "its name is not known", provider="unknown"),
    everywhere("metadata", "its name leads to a link-local or metadata address", provider="metadata"),
    everywhere("refused", "it refuses the connection", provider="closed"),
    everywhere("full", "it neither accepts nor refuses the connection", provider="full"),
    everywhere("no_tls", "it speaks no TLS where that is expected", provider="plain"),
    everywhere("untrusted", "its certificate is not to be trusted", provider="untrusted"),
    everywhere("reset_first", "it resets the connection before it says anything", Reset(), after=(Reset(),)),
    everywhere("close_first", "it closes the connection before it says anything", Close(), after=(Close(),)),
    everywhere(
        "silent",
        "it takes the request and says nothing more (half-open)",
        Hang(),
        provider=IMPATIENT,
        sees=TIMEOUT,
        after=(Hang(),),
    ),
    Row(
        name="silent_after_head",
        what="it says nothing after its head",
        whole=(Send(_BODY[: _BODY.index(b"{")]), Hang()),
        streamed=(Send(STREAM_HEAD), Hang()),
        provider=IMPATIENT,
        sees=TIMEOUT,
    ),
    Row(
        name="slow_first_byte",
        what="it takes its time, but not more than is given",
        whole=(Pause(0.1), *_WHOLE),
        streamed=(Pause(0.1), *hello()),
        after=(Pause(0.1), Send(chunked(delta("stop"))), Send(END)),
        provider=IMPATIENT,
        sees=ANSWER,
    ),
    Row(
        name="comments_only",
        what="it sends comments and never a token, until the time for all attempts is up",
        streamed=(Send(STREAM_HEAD), *[Send(chunked(b": wait\n\n")), Pause(0.1)] * 8, Hang()),
        patience=0.3,
        passes_on=False,
        sees_next=OVERLOADED,
        provider=IMPATIENT,
        sees=TIMEOUT,
    ),
    Row(
        name="stalls_within",
        what="it stops within its answer",
        whole=(Send(_BODY[:_CUT]), Hang()),
        streamed=(Send(STREAM_HEAD + chunked(_BEGUN[:20])), Hang()),
        after=(Send(chunked(delta(content="lo")[:20])), Hang()),
        provider=IMPATIENT,
        sees=TIMEOUT,
    ),
    Row(
        name="reset_within",
        what="it resets the connection within its answer",
        whole=(Send(_BODY[:_CUT]), Reset()),
        streamed=(Send(STREAM_HEAD + chunked(_BEGUN)), Reset()),
        after=(Send(chunked(delta(content="lo")[:30])), Reset()),
    ),
    Row(
        name="close_within",
        what="it closes the connection within its answer",
        whole=(Send(_BODY[:_CUT]), Close()),
        streamed=(Send(STREAM_HEAD + chunked(_BEGUN)), Close()),
        after=(Send(chunked(delta(content="lo")[:30])), Close()),
    ),
    Row(
        name="byte_by_byte",
        what="every byte comes by itself",
        whole=tuple(Send(_BODY[at : at + 1]) for at in range(len(_BODY))),
        streamed=tuple(Send(_HELLO[at : at + 1]) for at in range(len(_HELLO))),
        sees=ANSWER,
    ),
]

PROTOCOL: Final = [
    everywhere("not_http", "it speaks something else than HTTP", Send(b"SSH-2.0-OpenSSH_9.6\r\n"), Close()),
    everywhere("half_status", "its status line is cut", Send(b"HTTP/1.1 2"), Close()),
    everywhere("bad_status", "its status is no number", *raw("HTTP/1.1 OK OK|content-length: 0")),
    everywhere("half_head", "its head is cut", Send(b"HTTP/1.1 200 OK\r\ncontent-ty"), Close()),
    everywhere("huge_head", "its head is 1 MB long", *raw(f"HTTP/1.1 200 OK|x-filler: {'y' * 1_000_000}"), Close()),
    Row(
        name="http_1_0",
        what="it speaks HTTP/1.0: no length, no chunks, and closes",
        whole=(*raw("HTTP/1.0 200 OK|content-type: application/json", _BODY[_BODY.index(b"{") :]), Close()),
        streamed=(
            *raw("HTTP/1.0 200 OK|content-type: text/event-stream", delta(content="Hello") + delta("stop")),
            Close(),
        ),
        sees=ANSWER,
    ),
    Row(
        name="early_hints",
        what="it sends 100 Continue and 103 Early Hints before its answer",
        whole=(*raw("HTTP/1.1 100 Continue"), *raw("HTTP/1.1 103 Early Hints|link: </x>; rel=preload"), *_WHOLE),
        streamed=(*raw("HTTP/1.1 103 Early Hints|link: </x>; rel=preload"), *hello()),
        sees=ANSWER,
    ),
    everywhere("no_content", "it answers 204 with no content", *raw("HTTP/1.1 204 No Content")),
    everywhere("reset_content", "it answers 205", *raw("HTTP/1.1 205 Reset Content|content-length: 0")),
    Row(
        name="too_short",
        what="its body is shorter than it says",
        whole=(*raw("HTTP/1.1 200 OK|content-type: application/json|content-length: 500", b'{"choices": ['), Close()),
        streamed=(*raw("HTTP/1.1 200 OK|content-type: text/event-stream|content-length: 500", _BEGUN), Close()),
    ),
    Row(
        name="too_long",
        what="its body is longer than it says",
        whole=(*sized(b'{"id": "x"}'), Send(b"more of it"), Close()),
        streamed=(
            *raw(f"HTTP/1.1 200 OK|content-type: text/event-stream|content-length: {len(_BEGUN)}", _BEGUN + b"data"),
            Close(),
        ),
    ),
    Row(
        name="two_lengths",
        what="it states two lengths",
        whole=raw("HTTP/1.1 200 OK|content-type: application/json|content-length: 2|content-length: 3", b"{} "),
        streamed=raw("HTTP/1.1 200 OK|content-type: text/event-stream|content-length: 2|content-length: 3", b": "),
    ),
    Row(
        name="bad_chunk",
        what="a chunk of its body has no length",
        whole=(*raw("HTTP/1.1 200 OK|content-type: application/json|transfer-encoding: chunked", b"zz\r\n{}\r\n"),),
        streamed=(Send(STREAM_HEAD + b"zz\r\n: x\r\n"),),
        after=(Send(b"zz\r\n: x\r\n"),),
    ),
    Row(
        name="no_last_chunk",
        what="its last chunk is missing",
        whole=(
            *raw("HTTP/1.1 200 OK|content-type: application/json|transfer-encoding: chunked", chunked(b'{"id": "x"}')),
            Close(),
        ),
        streamed=(*streamed(_BEGUN, end=b""), Close()),
        after=(Close(),),
    ),
]
