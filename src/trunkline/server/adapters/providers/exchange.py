"""One request and its answer on the wire: sent, perhaps once more, read within its limits, and closed at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, DetailedPyreqwestError, PyreqwestError
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from trunkline.server.adapters.providers import faults
from trunkline.server.adapters.providers.connections import Connections, Pinned
from trunkline.server.adapters.providers.dialects.dialect import Encoded, Garbage
from trunkline.server.adapters.providers.outcome import Outcome
from trunkline.server.adapters.providers.patience import Patience
from trunkline.server.adapters.providers.sse import EventReader
from trunkline.server.adapters.providers.targets import Target
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Event, Failed
from trunkline.server.domain.generation.request import Surface

LARGEST_BODY: Final = 64 * 1024 * 1024
"""Bytes of an answer that comes whole, after decompression."""
LARGEST_ERROR: Final = 64 * 1024
"""Bytes of an error's body that are read."""
GRACE_SECONDS: Final = 10.0
"""How long usage is waited for once the answer has its finish reason."""
LINGER_SECONDS: Final = 0.25
"""How long the end of a body is waited for after its last event, so that the connection can serve again."""
SLOW: Final = frozenset({"reasoning", "include_reasoning", "reasoning_effort"})
"""Parameters by which a reasoning model is known."""


class Exchange:
    """One attempt on the wire: `open`, then `read` until it returns None; always `close`."""

    def __init__(self, attempt: Attempt, target: Target, outcome: Outcome, clock: Callable[[], float]) -> None:
        self._attempt = attempt
        self._target = target
        self._outcome = outcome
        self._clock = clock
        self._decoder = target.dialect.decoder(attempt.request.surface)
        self._events = EventReader()
        self._patience = Patience()
        slow = not attempt.request.stream or not SLOW.isdisjoint(attempt.endpoint.wire["supported_parameters"])
        limits = target.limits
        now = self._patience.time()
        self._by_token = now + attempt.seconds
        self._by_byte = now + (limits.first_byte_slow if slow else limits.first_byte)
        self._connections: Connections | None = None
        self._pinned: Pinned | None = None
        self._request: StreamRequest | None = None
        self._response: Response | None = None
        self._streamed = False
        self._begun = False
        self._ended = False
        self._read_out = False
        self.said = False

    async def open(self, connections: Connections, encoded: Encoded) -> None:
        """Send the request and wait for the head of its answer.

        A connection that has served before may have died unnoticed: then the request goes out once more.
        """
        self._connections = connections
        base = connections.base.url
        # Base URLs are written with and without the version that some dialects' paths begin with.
        url = base.removesuffix("/v1") + encoded.path if encoded.path.startswith("/v1/") else base + encoded.path
        await self._patience.until(min(self._by_byte, self._by_token), self._sent_on(connections, url, encoded))
        assert self._response is not None
        kind = (self._response.get_header("content-type") or "").lower()
        wants_stream = self._attempt.request.stream and self._attempt.request.surface is not Surface.EMBEDDINGS
        self._streamed = "event-stream" in kind or (wants_stream and "json" not in kind)

    async def read(self) -> Sequence[Event] | None:
        """Return the next events, none of them for bytes that complete none, or None after the last."""
        if self._ended:
            return None
        if self._response is not None and self._response.status != HTTPStatus.OK:
            return await self._refused(self._response)
        if not self._streamed:
            return await self._whole()
        piece = await self._piece()
        payloads = self._events.close() if piece is None else self._events.feed(piece)
        found: list[Event] = []
        for data in payloads:
            found += self._decoder.take(data)
            if self._decoder.done:
                self.said = self._ended = True
                break
        return found

    async def linger(self) -> None:
        """Wait a moment for the end of a body whose last event has come; without it the connection is lost."""
        if self._read_out:
            return
        limit = self._patience.time() + LINGER_SECONDS
        try:
            while self._response is not None and await self._chunk(limit) is not None:
                pass
        except (PyreqwestError, TimeoutError):
            return
        self._served()

    async def close(self) -> None:
        """Close the answer, finished or not, and give the client back."""
        request, self._request, self._response = self._request, None, None
        self._patience.end()
        try:
            if request is not None:
                await request.__aexit__(None, None, None)
        finally:
            await self._give_back()

    async def _sent_on(self, connections: Connections, url: str, encoded: Encoded) -> None:
        if not await self._sent(connections, url, encoded, may_repeat=True):
            await self._sent(connections, url, encoded, may_repeat=False)

    async def _sent(self, connections: Connections, url: str, encoded: Encoded, *, may_repeat: bool) -> bool:
        pinned = self._pinned = await connections.lease()
        reused = pinned.take()
        request = self._built(pinned, url, encoded)
        try:
            self._response = await request.__aenter__()
        except ConnectError as error:
            connecting = is_connecting(error)
            if connecting:
                connections.failed(pinned)
            await self._give_back()
            if connecting or not reused or not may_repeat:
                raise
            return False
        except ConnectTimeoutError:
            connections.failed(pinned)
            raise
        self._request = request
        return True

    def _built(self, pinned: Pinned, url: str, encoded: Encoded) -> StreamRequest:
        target = self._target
        builder = pinned.client.post(url).body_bytes(encoded.body).streamed_read_buffer_limit(0)
        builder = builder.header("content-type", "application/json")
        if self._attempt.request.stream:
            # Compressors hold back the pieces of a stream.
            builder = builder.header("accept", "text/event-stream").header("accept-encoding", "identity")
        name, before = target.dialect.key_header
        if target.key is not None:
            builder = builder.header(name, before + target.key, is_sensitive=True)
        for name, value in (*encoded.headers, *target.headers):
            builder = builder.header(name, value, is_sensitive=True)
        return builder.build_streamed()

    async def _piece(self) -> bytes | None:
        """Return the next bytes of the body, None at its end. Raises `TimeoutError`."""
        assert self._response is not None
        limit = self._by_byte
        if self._begun:
            limit = self._patience.time() + (GRACE_SECONDS if self._outcome.finished else self._target.limits.idle)
        if not self._outcome.has_token and not self._outcome.finished:
            limit = min(limit, self._by_token)
        piece = await self._chunk(limit)
        if piece is None:
            self._ended = self._read_out = True
            self._served()
            return None
        self._begun = True
        return piece

    async def _chunk(self, limit: float) -> bytes | None:
        assert self._response is not None
        piece = await self._patience.until(limit, self._response.body_reader.read_chunk())
        return None if piece is None else bytes(piece)

    async def _whole(self) -> Sequence[Event]:
        body = bytearray()
        while (piece := await self._piece()) is not None:
            body += piece
            if len(body) > LARGEST_BODY:
                raise Garbage("the provider sent more than is read")
        self.said = True
        return self._target.dialect.whole(bytes(body), self._attempt.request.surface)

    async def _refused(self, response: Response) -> Sequence[Event]:
        body = bytearray()
        try:
            while len(body) < LARGEST_ERROR and (piece := await self._piece()) is not None:
                body += piece
        except (PyreqwestError, TimeoutError):
            pass  # the status says enough
        self._ended = True
        found = faults.classify(response.status, response.get_header, bytes(body[:LARGEST_ERROR]), now=self._clock())
        return [Failed(fault=found)]

    def _served(self) -> None:
        response = self._response
        if self._pinned is None or response is None or response.version != "HTTP/1.1":
            return
        if (response.get_header("connection") or "").lower() != "close":
            self._pinned.served()

    async def _give_back(self) -> None:
        pinned, self._pinned = self._pinned, None
        if pinned is not None and self._connections is not None:
            await self._connections.release(pinned)


def causes(error: DetailedPyreqwestError) -> list[str]:
    """Return what an error of the HTTP client says of its causes, outermost first."""
    return [str(cause.get("message", "")) for cause in error.details["causes"] or ()]


def is_connecting(error: DetailedPyreqwestError) -> bool:
    """Tell whether a `ConnectError` is about making a connection, and not about sending on one that there was."""
    return not any("SendRequest" in cause for cause in causes(error))
