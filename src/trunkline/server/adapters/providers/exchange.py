"""One answer that comes in pieces, on the wire: read within its limits, and closed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from trunkline.server.adapters.providers import codings, faults
from trunkline.server.adapters.providers.connection import Broken, Connection
from trunkline.server.adapters.providers.dialects.dialect import Garbage
from trunkline.server.adapters.providers.lines import Line
from trunkline.server.adapters.providers.outcome import Outcome
from trunkline.server.adapters.providers.sse import EventReader
from trunkline.server.adapters.providers.watch import Watch
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Event, Failed
from trunkline.server.domain.generation.fault import Fault
from trunkline.server.domain.generation.request import Surface

LARGEST_BODY: Final = 64 * 1024 * 1024
"""Bytes of an answer that comes whole, after decompression."""
LARGEST_ERROR: Final = 64 * 1024
"""Bytes of an error's body that are read."""
GRACE_SECONDS: Final = 10.0
"""How long usage is waited for once the answer has its finish reason."""
LINGER_SECONDS: Final = 0.25
"""How long the end of a body is waited for after its last event, so that the connection can serve again."""
_OK: Final = 200


class Exchange:
    """The answer to one attempt on a connection: `read` until it returns None, then `leave`; always `close`."""

    __slots__ = (
        "_attempt", "_begun", "_by_byte", "_by_token", "_clock", "_coding", "_connection", "_decoder", "_ended",
        "_events", "_headed", "_idle", "_late", "_streamed", "_watch", "line", "said",
    )  # fmt: skip

    def __init__(
        self,
        attempt: Attempt,
        line: Line,
        connection: Connection,
        watch: Watch,
        limits: tuple[float, float],
        clock: Callable[[], float],
    ) -> None:
        """Take the limits of the first byte and of the first token (the loop's time); the clock is in Unix seconds."""
        self.line = line
        self._attempt = attempt
        self._connection: Connection | None = connection
        self._watch = watch
        self._by_byte, self._by_token = limits
        self._idle = line.target.limits.idle
        self._clock = clock
        self._decoder = line.target.dialect.decoder(attempt.request.surface)
        self._events = EventReader()
        self._coding: codings.Decoder | None = None
        self._late: Garbage | None = None
        self._headed = self._streamed = self._begun = self._ended = False
        self.said = False

    async def read(self, outcome: Outcome) -> Sequence[Event] | None:
        """Return the next events, none of them for bytes that complete none, or None after the last.

        `outcome` is what has come so far. Raises `Broken`, `TimeoutError`, `Garbage`, `EventTooLong`, `Undecodable`.
        """
        connection = self._connection
        if self._ended or connection is None:
            return None
        if self._late is not None:
            raise self._late
        if not self._headed:
            await self._head(connection)
        if connection.status != _OK:
            return [Failed(fault=await self._refused(connection, outcome))]
        if not self._streamed:
            return await self._whole(connection, outcome)
        piece = await self._piece(connection, outcome)
        payloads = self._events.close() if piece is None else self._events.feed(piece)
        found: list[Event] = []
        for data in payloads:
            try:
                found += self._decoder.take(data)
            except Garbage as error:
                if not found:
                    raise
                self._late = error  # what came before it stands, however the bytes were cut
                break
            if self._decoder.done:
                self.said = self._ended = True
                break
        return found

    def leave(self) -> None:
        """Leave the connection to others where the answer has ended; its last bytes may take a moment."""
        connection = self._connection
        if connection is not None and (self._ended or connection.complete):
            self._connection = None
            connection.limit = self._watch.now + LINGER_SECONDS
            connection.release()

    def close(self) -> None:
        """Close the connection, unless it was left to others."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    async def _head(self, connection: Connection) -> None:
        while not connection.status:
            if connection.fault is not None:
                raise connection.fault
            await connection.more(min(self._by_byte, self._by_token))
        self._headed = True
        headers = connection.headers()
        kind = headers.get(b"content-type", b"").lower()
        wants_stream = self._attempt.request.stream and self._attempt.request.surface is not Surface.EMBEDDINGS
        self._streamed = b"event-stream" in kind or (wants_stream and b"json" not in kind)
        self._coding = codings.decoder(headers.get(b"content-encoding"))

    async def _piece(self, connection: Connection, outcome: Outcome) -> bytes | None:
        """Return the next bytes of the body, None at its end. Raises as `read`."""
        while not (piece := connection.take()):
            if connection.complete:
                self._ended = True
                if self._coding is not None and self._begun:
                    self._coding.end()
                return None
            if connection.fault is not None:
                raise connection.fault
            await connection.more(self._limit(outcome))
        self._begun = True
        return piece if self._coding is None else self._coding.decode(piece)

    def _limit(self, outcome: Outcome) -> float:
        limit = self._by_byte
        if self._begun:
            limit = self._watch.now + (GRACE_SECONDS if outcome.finished else self._idle)
        return limit if outcome.has_token or outcome.finished else min(limit, self._by_token)

    async def _whole(self, connection: Connection, outcome: Outcome) -> Sequence[Event]:
        body = bytearray()
        while (piece := await self._piece(connection, outcome)) is not None:
            body += piece
            if len(body) > LARGEST_BODY:
                raise Garbage("the provider sent more than is read")
        self.said = True
        return self.line.target.dialect.whole(bytes(body), self._attempt.request.surface)

    async def _refused(self, connection: Connection, outcome: Outcome) -> Fault:
        body = bytearray()
        try:
            while len(body) < LARGEST_ERROR and (piece := await self._piece(connection, outcome)) is not None:
                body += piece
        except (Broken, TimeoutError, codings.Undecodable):
            pass  # the status says enough
        headers = connection.headers()

        def header(name: str) -> str | None:
            found = headers.get(name.encode())
            return None if found is None else found.decode("latin-1")

        return faults.classify(connection.status, header, bytes(body[:LARGEST_ERROR]), now=self._clock())


def is_whole(connection: Connection, headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a connection has all of a successful answer, which is no stream of events."""
    return (
        connection.complete
        and connection.status == _OK
        and b"event-stream" not in headers.get(b"content-type", b"").lower()
    )
