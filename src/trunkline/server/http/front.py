"""What answers requests: kept answers first, then the router; every failure in the one envelope."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from trunkline.server.domain.policy.caller import Caller
from trunkline.server.errors import Forbidden, TrunklineError, Unauthorized
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
_log = logging.getLogger(__name__)


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

    async def answer(self, request: Request) -> Encoded | Stream:
        """Return the answer to any request; every failure is one."""
        coding = self._coding(request.headers.get(b"accept-encoding", b""))
        try:
            call = self._calls.get((request.method, request.path))
            if call is None and self._site is not None and self._site.takes(request.path):
                return await self._site.answer(request, coding)
            return await self._answer(request, coding, call)
        except TrunklineError as error:
            return fault(error).ready(coding)
        except Exception:  # noqa: BLE001 - the last line of defence: a bug is a 500 in the envelope
            _log.exception("request failed", extra={"method": request.method, "path": request.path.decode("latin-1")})
            return fault(TrunklineError()).ready(coding)

    def refused(self, error: TrunklineError) -> Encoded:
        """Return what is said of a request that could not be read."""
        return fault(error).ready(b"")

    async def _answer(self, request: Request, coding: bytes, call: Operation | None) -> Encoded | Stream:
        context, headers, path, method = self._context, request.headers, request.path, request.method
        request.region = region = self._hosts.region(headers, request.peer)
        request.arrived = context.clock()
        authorization, caller = headers.get(b"authorization"), None
        if authorization is not None and (token := bearer(authorization)) is not None:
            known, caller = context.callers.known(token)
            if not known:
                caller = await asyncio.to_thread(context.callers.look_up, token)
            request.caller = caller

        operation, epoch, key = call, None, None
        if operation is None:
            if method in _READS:
                epoch = context.epoch()
                key = (path, request.query, region, self._audiences.of(epoch, caller, region))
                if (kept := self._cache.get(epoch, key)) is not None:
                    return kept.kept(coding) or await self._encoded(kept, coding, epoch, key)
            if method == "OPTIONS":
                return _preflight(allowed(self._router.methods(path)[0])).ready(b"")
            operation, request.params = self._router.find(method, path)
        _admit(operation, authorization, caller)
        if operation.infer is not None:
            answered = await inferred(context, operation.infer, request)
            return answered if isinstance(answered, Stream) else answered.ready(coding)
        assert operation.handler is not None, "an operation has one or the other"
        if operation.blocking or (operation.slow is not None and operation.slow(request)):
            made = await asyncio.to_thread(operation.handler, context, request)
        else:
            made = operation.handler(context, request)
        made.keyed = caller is not None
        return await self._encoded(made, coding, epoch, key)

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


def _admit(operation: Operation, authorization: bytes | None, caller: Caller | None) -> None:
    """Let a caller to an operation (spec 1.1: 401, then 403)."""
    access = operation.access
    if access is _PUBLIC:
        return
    if caller is None:
        raise Unauthorized(None if authorization is None else "User not found.")
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
