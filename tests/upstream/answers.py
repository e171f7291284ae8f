"""What providers say, as bytes for `scripted.Send`: heads, chunks, events, and bodies of both dialects."""

from __future__ import annotations

import json
from typing import Any

from tests.upstream.scripted import Send, Step

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def chunked(data: bytes) -> bytes:
    """Return bytes as one chunk of the chunked encoding."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(value: Any, name: str | None = None) -> bytes:
    """Return a JSON value as one server-sent event."""
    before = b"" if name is None else f"event: {name}\n".encode()
    return before + b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def streamed(*pieces: bytes, head: bytes = STREAM_HEAD, end: bytes = END) -> tuple[Step, ...]:
    """Return the steps that stream pieces of a body, each as a chunk of its own."""
    return (Send(head), *(Send(chunked(piece)) for piece in pieces), Send(end))


def whole(body: Any, status: int = 200, *headers: tuple[str, str]) -> tuple[Step, ...]:
    """Return the steps that answer with one JSON body (bytes are sent as they are)."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    kind = "" if any(name.lower() == "content-type" for name, _ in headers) else "content-type: application/json\r\n"
    head = f"HTTP/1.1 {status} Said\r\n{kind}content-length: {len(text)}\r\n{more}\r\n"
    return (Send(head.encode() + text),)


def delta(finish: str | None = None, usage: Any = None, **said: Any) -> bytes:
    """Return a chat completion chunk as an event."""
    chunk: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-upstream",
        "choices": [{"index": 0, "delta": said, "finish_reason": finish}],
    }
    return event(chunk if usage is None else chunk | {"usage": usage})


def usage(prompt: int = 7, completion: int = 3, **more: Any) -> bytes:
    """Return the chunk that tells usage."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return event({"id": "chatcmpl-1", "model": "m-upstream", "choices": [], "usage": counts | more})


def hello() -> tuple[Step, ...]:
    """Return a small streamed answer in which nothing is wrong."""
    return streamed(
        delta(role="assistant", content=""), delta(content="Hel"), delta(content="lo"), delta("stop"), usage(), DONE
    )


def hello_at_once() -> tuple[Step, ...]:
    """Return `hello` in one piece: its connection can serve again as soon as the last event is read."""
    return (Send(b"".join(step.data for step in hello() if isinstance(step, Send))),)


def completion(content: str | None = "Hello", finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """Return a whole chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-upstream",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }
