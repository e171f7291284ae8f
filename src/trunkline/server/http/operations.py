"""The shape of an operation: what the router, the OpenAPI document and the API page are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.filters import Filter
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.http.answer import Answer
from trunkline.server.http.request import Request
from trunkline.server.usecases.ports import Catalogue, Clock

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Context:
    """What handlers reach: the catalogue, the clock, and how feeds name and link the site."""

    catalogue: Catalogue
    clock: Clock
    rss_title: str
    site_url: str

    def snapshot(self) -> Snapshot:
        """Return the catalogue as it is now. Raises `Unavailable` when none is loaded."""
        return self.catalogue.current(self.clock())


Handler = Callable[[Context, Request], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API.

    `path` has its parameters in braces; `answers` is the msgspec type of the 200 body, None where
    the body is not JSON of ours; `errors` are the statuses that it may answer besides.
    """

    id: str
    path: str
    tag: str
    summary: str
    handler: Handler
    answers: Any = None
    description: str = ""
    parameters: Sequence[Parameter | Filter] = ()
    errors: Sequence[int] = ()
    media: str = "application/json"

    def read(self, request: Request) -> dict[str, Any]:
        """Read the request's query into values. Raises `BadRequest`."""
        return query.read(request.pairs(), self.parameters)
