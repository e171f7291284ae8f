"""Keeps the last answer of each query with its entity tag, so that asking again costs a 304."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from trunkline.errors.exchange import Request, Response

BOUND = 4 * 1024 * 1024
"""Bytes of bodies kept by one client; decoded they take about three times as much."""
OWN = frozenset({"if-none-match", "if-modified-since", "cache-control"})
"""Headers with which a caller takes caching into their own hands."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A decoded body with its entity tag; `size` is the body's, in bytes."""

    tag: str
    data: dict[str, Any]
    size: int


class KeptAnswers:
    """Answers by request (address and headers, so never shared between keys), least recently used first out."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._held = 0
        self._answers: OrderedDict[Request, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, request: Request) -> Kept | None:
        """Return what is kept for a request."""
        with self._lock:
            if request in self._answers:
                self._answers.move_to_end(request)
            return self._answers.get(request)

    def put(self, request: Request, response: Response, data: dict[str, Any]) -> None:
        """Keep a decoded answer if it has an entity tag and the caller sent no caching headers."""
        tag, size = response.headers.get("etag"), len(response.payload)
        mine = OWN.isdisjoint(name.lower() for name, _ in request.headers)
        with self._lock:
            if old := self._answers.pop(request, None):
                self._held -= old.size
            if tag is None or not mine or size > self._bound:
                return
            self._answers[request] = Kept(tag, data, size)
            self._held += size
            while self._held > self._bound:
                _, oldest = self._answers.popitem(last=False)
                self._held -= oldest.size
