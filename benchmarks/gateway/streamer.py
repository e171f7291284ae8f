"""A provider that streams and the callers who listen, in one process on the load's core: how late do tokens come?

Usage: python -m benchmarks.gateway.streamer, which prints its port as a provider and then reads one JSON object from
standard input: {"port", "path", "headers", "model", "streams", "rate", "seconds", "ramp"}. Each token's text is the
time at which it was sent, so that whoever receives it knows how long it was on its way. Prints what was seen as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from array import array
from collections.abc import Callable
from time import monotonic
from typing import Any

import uvloop

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_EVENT = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4","choices":'
    b'[{"index":0,"delta":{"content":"%.6f "},"logprobs":null,"finish_reason":null}]}\n\n'
)
_LAST = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4","choices":'
    b'[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4","choices":[],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":%d,"total_tokens":%d}}\n\ndata: [DONE]\n\n'
)
_MARK = b'"content":"'


class Plan:
    """What is asked: tokens a second and of how many seconds each stream is."""

    rate = 20.0
    seconds = 10.0


class Provider(asyncio.Protocol):
    """Answers each request with a stream of tokens, one connection at a time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._got = b""
        self._transport: Any = None
        self._left = 0

    def connection_made(self, transport: Any) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Begin to stream when a request is complete."""
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        if found and len(body) >= length:
            self._got = b""
            self._transport.write(_HEAD)
            self._left = int(self._plan.rate * self._plan.seconds)
            self._token(self._loop.time())

    def _token(self, due: float) -> None:
        if self._transport.is_closing():
            return
        if self._left == 0:
            count = int(self._plan.rate * self._plan.seconds)
            self._chunk(_LAST % (count, count + 9))
            self._transport.write(b"0\r\n\r\n")
            return
        self._left -= 1
        self._chunk(_EVENT % monotonic())
        due += 1 / self._plan.rate
        self._loop.call_at(due, self._token, due)

    def _chunk(self, event: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))


class Listener(asyncio.Protocol):
    """Listens to one stream and notes when each token was sent and how long it took."""

    def __init__(self, request: bytes, seen: Callable[[float, float], None]) -> None:
        self._request = request
        self._seen = seen
        self._rest = b""
        self._transport: Any = None
        self.ended = asyncio.get_running_loop().create_future()
        self.done = False

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note the tokens of the events that are complete."""
        now = monotonic()
        data = self._rest + data
        end = data.rfind(b"\n\n") + 2
        self._rest = data[end:] if end > 1 else data
        at = data.find(_MARK, 0, end)
        while at >= 0:
            begin = at + len(_MARK)
            text = data[begin : data.find(b'"', begin)]
            if text:
                self._seen(float(text), now)
            at = data.find(_MARK, begin, end)
        if b"data: [DONE]" in data:
            self.done = True
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Note the end."""
        if not self.ended.done():
            self.ended.set_result(None)


async def measure() -> dict[str, Any]:
    """Serve, tell the port, read what to ask, ask it, and return what was seen."""
    loop, plan = asyncio.get_running_loop(), Plan()
    server = await loop.create_server(lambda: Provider(plan), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    asked = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    plan.rate, plan.seconds = asked["rate"], asked["seconds"]
    port = asked["port"] or server.sockets[0].getsockname()[1]
    body = json.dumps(
        {"model": asked["model"], "stream": True, "messages": [{"role": "user", "content": "Hello!"}]}
    ).encode()
    headers = "".join(f"{name}: {value}\r\n" for name, value in asked["headers"].items())
    request = (
        f"POST {asked['path']} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"{headers}content-length: {len(body)}\r\n\r\n"
    ).encode() + body
    sent, late = array("d"), array("d")

    def seen(then: float, now: float) -> None:
        sent.append(then)
        late.append(now - then)

    began, listeners = monotonic(), []
    for number in range(asked["streams"]):
        await asyncio.sleep(max(0.0, began + number * asked["ramp"] / asked["streams"] - monotonic()))
        _, listener = await loop.create_connection(lambda: Listener(request, seen), "127.0.0.1", port)
        listeners.append(listener)
    full = monotonic() + 1
    await asyncio.wait([listener.ended for listener in listeners], timeout=asked["seconds"] + 30)
    # All streams at once: from a second after the last has begun to when the first one ends.
    until = began + asked["seconds"]
    waits = sorted(1000 * wait for then, wait in zip(sent, late, strict=True) if full <= then < until)
    server.close()
    if not waits:
        raise SystemExit("the streams did not run at once: the machine has no room for them")
    return {
        "tokens": len(waits),
        "all_tokens": len(late),
        "complete": sum(listener.done for listener in listeners),
        "p50": waits[len(waits) // 2],
        "p99": waits[int(len(waits) * 0.99)],
        "p999": waits[int(len(waits) * 0.999)],
        "max": waits[-1],
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(measure())))
