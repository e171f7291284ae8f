"""What answers requests: kept answers first, then the router; every failure in the one envelope."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from trunkline.server.errors import Forbidden, TrunklineError, Unauthorized
from trunkline.server.http import correlation
from trunkline.server.http.access import Access, bearer
from trunkline.server.http.answer import Answer, Encoded, Pieces
from trunkline.server.http.audience import Audiences
from trunkline.server.http.cache import AnswerCache
from trunkline.server.http.coding import negotiate
from trunkline.server.http.faults import fault
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.inference import inferred
from trunkline.server.http.operations import Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.router import Router, allowed
from trunkline.server.http.site import Site
from trunkline.server.http.streaming import Stream

_READS = ("GET", "HEAD")
_PUBLIC, _INFERENCE = Access.PUBLIC, Access.INFERENCE


class Front:
    """Answers requests from a table of operations."""

    def __init__(
        self,
        context: Context,
        router: Router[Operation],
        hosts: HostTable,
        cache: AnswerCache,
        body_limit: int,
        site: Site | None = None,
    ) -> None:
        self._context = context
        self._router = router
        self._hosts = hosts
        self._cache = cache
        self._body_limit = body_limit
        self._site = site
        self._audiences = Audiences(context.credentials)
        # Calls to models are most of a gateway's traffic: recognised at once, they are spared what only others need.
        self._calls = {place: row for place, row in router.direct.items() if row.infer is not None}
        self._codings: dict[bytes, bytes] = {}

    def limit(self, method: str, path: bytes) -> int:
        """Return how many bytes the body of a request may have."""
        if (call := self._calls.get((method, path))) is not None:
            return call.body_limit or self._body_limit
        if self._site is not None and self._site.takes(path):
            return self._site.limit(method, path)
        return self._router.body_limit(path) or self._body_limit

    def kept(self, request: Request) -> Encoded | None:
        """Return an answer that is there already, in one piece."""
        # The way that most requests take: without anything to look up or compress it costs no task.
        if request.method not in _READS or request.body:
            return None
        headers, caller = request.headers, None
        authorization = headers.get(b"authorization")
        if authorization is not None and (token := bearer(authorization)) is not None:
            known, caller = self._context.callers.known(token)
            if not known:
                return None
        region = self._hosts.region(headers, request.peer)
        epoch = self._context.epoch()
        key = (request.path, request.query, region, self._audiences.of(epoch, caller, region))
        kept = self._cache.get(epoch, key)
        made = None if kept is None else kept.kept(self._coding(headers.get(b"accept-encoding", b"")))
        return None if made is None or isinstance(made.body, Pieces) else made

    def answer(self, request: Request) -> Awaitable[Answer | Encoded | Stream]:
        """Return what is to be awaited for the answer to any request, which a refusal is, too."""
        call = self._calls.get((request.method, request.path))
        if call is None or call.infer is None:
            return self._answer(request)
        # Calls to models are what a gateway is for: there is no coroutine between them and what answers them.
        try:
            if self._identified(request):
                _admit(call, request)
                return inferred(self._context, call.infer, request)
        except TrunklineError as error:
            return _given(fault(error))
        return self._answer(request)

    def refused(self, error: TrunklineError) -> Encoded:
        """Return what is said of a request that could not be read."""
        return fault(error).ready(b"")

    def _identified(self, request: Request) -> bool:
        """Note where a request comes from and whose key it has; tell whether that is known without the store."""
        headers = request.headers
        request.coding = self._coding(headers.get(b"accept-encoding", b""))
        request.region = self._hosts.region(headers, request.peer)
        request.arrived = self._context.clock()
        authorization = headers.get(b"authorization")
        if authorization is None or (token := bearer(authorization)) is None:
            return True
        known, request.caller = self._context.callers.known(token)
        return known

    async def _answer(self, request: Request) -> Answer | Encoded | Stream:
        correlation.begin("")  # a connection's requests have one context
        try:
            if self._site is not None and self._site.takes(request.path):
                request.coding = self._coding(request.headers.get(b"accept-encoding", b""))
                return await self._site.answer(request, request.coding)
            if not self._identified(request):
                token = bearer(request.headers[b"authorization"])
                assert token is not None, "there would be nobody to look up"
                request.caller = await asyncio.to_thread(self._context.callers.look_up, token)
            return await self._operate(request)
        except TrunklineError as error:
            return fault(error)

    async def _operate(self, request: Request) -> Answer | Encoded | Stream:
        context, path, method, epoch, key = self._context, request.path, request.method, None, None
        if method in _READS:
            epoch = context.epoch()
            key = (path, request.query, request.region, self._audiences.of(epoch, request.caller, request.region))
            if (kept := self._cache.get(epoch, key)) is not None:
                return kept.kept(request.coding) or await self._encoded(kept, request.coding, epoch, key)
        if method == "OPTIONS":
            return _preflight(allowed(self._router.methods(path)[0]))
        operation, request.params = self._router.find(method, path)
        _admit(operation, request)
        if operation.infer is not None:
            return await inferred(context, operation.infer, request)
        assert operation.handler is not None, "an operation has one or the other"
        if operation.blocking or (operation.slow is not None and operation.slow(request)):
            made = await asyncio.to_thread(operation.handler, context, request)
        else:
            made = operation.handler(context, request)
        made.keyed = request.caller is not None
        return await self._encoded(made, request.coding, epoch, key)

    async def _encoded(self, made: Answer, coding: bytes, epoch: object, key: Any) -> Encoded:
        # An answer grows by each coding that it is asked in: compressed once, then kept with the others.
        encoded = await asyncio.to_thread(made.ready, coding) if made.takes_long(coding) else made.ready(coding)
        if made.lasting and key is not None:
            self._cache.put(epoch, key, made)
        return encoded

    def _coding(self, accept_encoding: bytes) -> bytes:
        coding = self._codings.get(accept_encoding)
        if coding is None:
            coding = negotiate(accept_encoding)
            if len(self._codings) < 1_000:
                self._codings[accept_encoding] = coding
        return coding


async def _given(answer: Answer) -> Answer:
    return answer


def _admit(operation: Operation, request: Request) -> None:
    """Let a caller to an operation (spec 1.1: 401, then 403)."""
    access, caller = operation.access, request.caller
    if access is _PUBLIC:
        return
    if caller is None:
        raise Unauthorized("User not found." if b"authorization" in request.headers else None)
    if access is _INFERENCE:
        if caller.key.is_management:
            raise Forbidden("Management keys cannot be used for inference")
    elif access is Access.MANAGEMENT and not caller.key.is_management:
        raise Forbidden


def _preflight(methods: tuple[str, ...]) -> Answer:
    return Answer(
        204,
        b"",
        headers=(
            (b"access-control-allow-origin", b"*"),
            (b"access-control-allow-methods", ", ".join(methods).encode()),
            (b"access-control-allow-headers", b"*"),
            (b"access-control-max-age", b"86400"),
        ),
    )
