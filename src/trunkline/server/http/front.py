"""The thin ASGI application in front: kept answers first, then the router; every failure in the one envelope."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from trunkline.server.domain.policy.caller import Caller
from trunkline.server.errors import Forbidden, TrunklineError, Unauthorized
from trunkline.server.http.access import Access, bearer
from trunkline.server.http.answer import Answer, Encoded
from trunkline.server.http.audience import Audiences
from trunkline.server.http.body import Receive, read_body
from trunkline.server.http.cache import AnswerCache
from trunkline.server.http.coding import negotiate
from trunkline.server.http.faults import fault
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.inference import inferred
from trunkline.server.http.operations import Context, Operation
from trunkline.server.http.presence import Presence, Unheard
from trunkline.server.http.request import NO_PARAMS, Request
from trunkline.server.http.router import Router, allowed
from trunkline.server.http.sending import Scope, Send, send_answer
from trunkline.server.http.site import Site
from trunkline.server.http.streaming import Stream, send_stream

_READS = ("GET", "HEAD")
_UNUSUAL = frozenset((b"content-length", b"transfer-encoding"))
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
        self._unheard = Unheard()
        # Calls to models are most of a gateway's traffic: recognised at once, they are spared what only others need.
        self._calls = {place: row for place, row in router.direct.items() if row.infer is not None}
        self._codings: dict[bytes, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request (ASGI 3)."""
        headers = dict(scope["headers"])
        coding = self._coding(headers.get(b"accept-encoding", b""))
        call = self._calls.get((scope["method"], scope["raw_path"]))
        made: Encoded | Stream | None = None if call is not None else self._kept(scope, headers, coding)
        if made is None:
            try:
                if call is None and self._site is not None and self._site.takes(scope["raw_path"]):
                    made = await self._site.answer(scope, headers, receive, coding)
                else:
                    made = await self._answer(scope, headers, receive, coding, call)
            except TrunklineError as error:
                made = fault(error).ready(coding)
            except Exception:  # noqa: BLE001 - the last line of defence: a bug is a 500 in the envelope
                _log.exception("request failed", extra={"method": scope["method"], "path": scope["path"]})
                made = fault(TrunklineError()).ready(coding)
        if isinstance(made, Stream):
            await send_stream(made, send)
        else:
            await send_answer(made, scope["method"], headers, send)

    def _kept(self, scope: Scope, headers: Mapping[bytes, bytes], coding: bytes) -> Encoded | None:
        # The way that most requests take: without a body or anything to look up or compress it costs no await.
        if scope["method"] not in _READS or not _UNUSUAL.isdisjoint(headers):
            return None
        caller = None
        authorization = headers.get(b"authorization")
        if authorization is not None and (token := bearer(authorization)) is not None:
            known, caller = self._context.callers.known(token)
            if not known:
                return None
        region = self._hosts.region(headers, _peer(scope))
        epoch = self._context.epoch()
        key = (scope["raw_path"], scope["query_string"], region, self._audiences.of(epoch, caller, region))
        kept = self._cache.get(epoch, key)
        return None if kept is None else kept.kept(coding)

    async def _answer(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, coding: bytes, call: Operation | None
    ) -> Encoded | Stream:
        context, path, method, query = self._context, scope["raw_path"], scope["method"], scope["query_string"]
        region = self._hosts.region(headers, peer := _peer(scope))
        body = b""
        if b"content-length" in headers or b"transfer-encoding" in headers:
            limit = self._router.body_limit(path) if call is None else call.body_limit
            body = await read_body(headers, receive, limit or self._body_limit)
        arrived = context.clock()
        authorization, caller = headers.get(b"authorization"), None
        if authorization is not None and (token := bearer(authorization)) is not None:
            known, caller = context.callers.known(token)
            if not known:
                caller = await asyncio.to_thread(context.callers.look_up, token)

        operation, params, epoch, key = call, NO_PARAMS, None, None
        if operation is None:
            if method in _READS:
                epoch = context.epoch()
                key = (path, query, region, self._audiences.of(epoch, caller, region))
                if (kept := self._cache.get(epoch, key)) is not None:
                    return kept.kept(coding) or await self._encoded(kept, coding, epoch, key)
            if method == "OPTIONS":
                return _preflight(allowed(self._router.methods(path)[0])).ready(b"")
            operation, params = self._router.find(method, path)
        _admit(operation, authorization, caller)
        if operation.infer is not None:
            presence = Presence(receive, self._unheard)
            request = Request(method, path, query, headers, region, params, caller, body, peer, arrived, presence)
            answered = await inferred(context, operation.infer, request)
            return answered if isinstance(answered, Stream) else answered.ready(coding)
        request = Request(method, path, query, headers, region, params, caller, body, peer, arrived)
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


def _peer(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None


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
