"""Sends bodies in pieces as fast as they are taken, and tells what need not be sent at all."""

from __future__ import annotations

import asyncio
from typing import Protocol

from trunkline.server.http.answer import Encoded, Pieces
from trunkline.server.http.coding import CODINGS
from trunkline.server.http.presence import Presence
from trunkline.server.http.request import Request


class Sender(Protocol):
    """The connection that an answer goes to: `begin`, each `piece`, `end`."""

    presence: Presence

    @property
    def drained(self) -> asyncio.Future[None] | None:
        """What to await before more is sent; None where there is no need to wait."""
        ...

    def begin(self, status: int, lines: bytes, *, measured: bool) -> None:
        """Begin an answer in pieces; `measured` is one whose length is among its lines."""
        ...

    def piece(self, data: bytes) -> None:
        """Send a piece, which is not empty."""
        ...

    def end(self) -> None:
        """End the answer."""
        ...


def unchanged(made: Encoded, request: Request) -> bool:
    """Tell whether a caller has an answer already, which is 304 then (RFC 9110, 13.1.2)."""
    if not made.tag or (wanted := request.headers.get(b"if-none-match")) is None:
        return False
    if wanted == made.tag or wanted.strip() == b"*":
        return True
    return made.tag in (part.strip().removeprefix(b"W/") for part in wanted.split(b","))


async def send_pieces(made: Encoded, sender: Sender, request: Request) -> None:
    """Send an answer whose body is in pieces."""
    assert isinstance(made.body, Pieces)
    sender.begin(made.status, made.lines, measured=not made.coding or request.method == "HEAD")
    if request.method != "HEAD":
        # Each piece is put together and compressed in a thread, and the next one only when this one is on its way.
        pieces = CODINGS[made.coding].pieces(made.body) if made.coding else iter(made.body)
        while not sender.presence.gone() and (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            if piece:
                sender.piece(piece)
            if (drained := sender.drained) is not None:
                await drained
    sender.end()
