"""The shape of an operation: what the router, the OpenAPI document and the API page are made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trunkline.server.cohort import Cohort
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.filters import Filter
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.errors import Unavailable
from trunkline.server.http.access import Access
from trunkline.server.http.answer import Answer
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream
from trunkline.server.usecases.account_ports import Accounts, Entropy, Vault
from trunkline.server.usecases.gateway import Gateway
from trunkline.server.usecases.gateway_ports import Limits, Records
from trunkline.server.usecases.ports import Callers, CatalogStore, Catalogue, Clock

API = "/api/v1"
OWN_API = "/api/trunkline/v1"
"""Where operations are that OpenRouter does not document."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the front and handlers reach: catalogue, callers, accounts, clock, and how feeds name and link the site.

    `vault` encrypts what accounts bring along for the `reachable` providers, those whose address is known here.
    `operator` is the account whose management keys may manage all accounts, None for nobody;
    `credentials` are the providers that can be called, None where none is configured. `records` is what was called,
    `limits` how often data sets may be asked for, `credits_usd` what every account may spend, None for no limit.
    `revisions` is where the catalogue's history is kept, `variables` names by provider what switches it on;
    `cohort` takes calls through their stages.
    """

    catalogue: Catalogue
    callers: Callers
    accounts: Accounts
    clock: Clock
    entropy: Entropy
    rss_title: str
    site_url: str
    operator: str | None = None
    credentials: frozenset[str] | None = None
    gateway: Gateway | None = None
    records: Records | None = None
    limits: Limits | None = None
    credits_usd: Decimal | None = None
    vault: Vault | None = None
    reachable: frozenset[str] = frozenset()
    revisions: CatalogStore | None = None
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cohort: Cohort = field(default_factory=Cohort)

    def sealing(self) -> Vault:
        """Return what encrypts secrets before they are kept. Raises `Unavailable` where nothing does."""
        if self.vault is None:
            raise Unavailable
        return self.vault

    def snapshot(self) -> Snapshot:
        """Return the catalogue as it is now. Raises `Unavailable` when none is loaded."""
        return self.catalogue.current(self.clock())

    def history(self) -> CatalogStore:
        """Return where the catalogue's revisions are. Raises `Unavailable` on a server without them."""
        if self.revisions is None:
            raise Unavailable
        return self.revisions

    def traffic(self) -> Records:
        """Return what was called. Raises `Unavailable` on a server that only lists."""
        if self.records is None:
            raise Unavailable
        return self.records

    def epoch(self) -> Snapshot | None:
        """Return what kept answers are true for: the catalogue as it is now, None before the first."""
        try:
            return self.catalogue.current(self.clock())
        except Unavailable:
            return None


Handler = Callable[[Context, Request], Answer]
Inference = Callable[[Context, Request], Awaitable[Answer | Stream]]
"""A handler that waits for providers, and may answer piece by piece."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API.

    `path` has its parameters in braces; `answers` is the msgspec type of the successful body, None
    where it is not JSON of ours; `status` that of success, `errors` what it may answer besides.
    `body` is the msgspec type of the request's body. `blocking` handlers reach the store and run in
    a thread, the others on the event loop, except for requests that `slow` names. Instead of a
    `handler`, inference has `infer`. `body_limit` in bytes, None for the server's.
    """

    id: str
    path: str
    tag: str
    summary: str
    handler: Handler | None = None
    answers: Any = None
    description: str = ""
    parameters: Sequence[Parameter | Filter] = ()
    errors: Sequence[int] = ()
    media: str = "application/json"
    method: str = "GET"
    access: Access = Access.PUBLIC
    body: Any = None
    status: int = 200
    blocking: bool = False
    slow: Callable[[Request], bool] | None = None
    infer: Inference | None = None
    body_limit: int | None = None

    def read(self, request: Request) -> dict[str, Any]:
        """Read the request's query into values. Raises `BadRequest`."""
        return query.read(request.pairs(), self.parameters)
