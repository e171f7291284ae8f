"""Answers kept for callers who ask for it, and given again for the same request (spec gateway 6.1)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import Struct

from trunkline.server.domain.generation.delta import Event, Failed, Finished, Started, Used, Vector
from trunkline.server.domain.generation.request import Caching, GenerationRequest, Surface
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.layers import ENFORCES_ZDR
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.usecases.inference_ports import AnswerStore

KEPT: Final = frozenset((Surface.CHAT, Surface.EMBEDDINGS))
"""The surfaces whose answers may be kept: not the legacy completions."""
_log = logging.getLogger(__name__)


class Kept(Struct, frozen=True):
    """One answer as it is kept: whose it was, what served it, and its events as they came. Times in Unix seconds."""

    source_id: str
    model: str
    provider_name: str
    created: float
    ttl: int
    started: Started
    events: list[Event]

    @property
    def finished(self) -> Finished | None:
        """How the answer ended."""
        return next((event for event in self.events if isinstance(event, Finished)), None)


_KEPT: Final = msgspec.json.Decoder(Kept)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer to a request is kept, and for how long (in seconds)."""

    store: AnswerStore
    key: bytes
    wish: Caching


def place_of(store: AnswerStore | None, request: GenerationRequest, caller: Caller, region: str | None) -> Place | None:
    """Return where the answer to a request is kept; None where nobody asks for that, or it must not be.

    An account that enforces zero data retention has nothing kept, whatever its requests ask for; nor is an answer
    kept that begins with what was sent upstream.
    """
    if request.caching is None or store is None or caller.account is None:
        return None
    if request.surface not in KEPT or request.debug:
        return None
    if any(getattr(caller.account.restrictions, setting) for setting in ENFORCES_ZDR.values()):
        return None
    digest = hashlib.sha256()
    for part in (caller.key.hash, request.surface.value, str(request.stream), region or ""):
        digest.update(b"%b\0" % part.encode())
    for name, raw in request.fields.items():
        digest.update(b"%b\0%b\0" % (msgspec.json.encode(name), msgspec.json.format(bytes(raw), indent=-1)))
    return Place(store, digest.digest(), request.caching)


async def find(place: Place, planned: Plan) -> Kept | None:
    """Return the answer that is kept, unless it is to be made anew, or its model may not be called any more."""
    if place.wish.clear:
        await place.store.drop(place.key)
        return None
    found = await place.store.get(place.key)
    kept = None if found is None else _KEPT.decode(found)
    return kept if kept and any(candidate.model == kept.model for candidate in planned.candidates) else None


async def keeping(
    events: AsyncGenerator[Event, None],
    place: Place,
    kept: Callable[[list[Event]], Kept],
    later: Callable[[Coroutine[Any, Any, None]], None],
) -> AsyncGenerator[Event, None]:
    """Pass events on; an answer that has come whole is kept, once it has been passed on."""
    seen: list[Event] = []
    try:
        async for event in events:
            if not isinstance(event, Used):
                seen.append(event)
            yield event
    finally:
        await events.aclose()
    if is_whole(seen):
        later(_keep(place, kept(seen)))


def is_whole(events: list[Event]) -> bool:
    """Tell whether events are a complete answer and no error."""
    if any(isinstance(event, Failed) or (isinstance(event, Finished) and event.reason == "error") for event in events):
        return False
    return any(isinstance(event, Finished | Vector) for event in events)


async def _keep(place: Place, kept: Kept) -> None:
    try:
        await place.store.put(place.key, msgspec.json.encode(kept), place.wish.ttl)
    except Exception:  # noqa: BLE001 - the answer has gone out; that it is not kept is a loss of nothing
        _log.exception("an answer cannot be kept")
