"""The thin ASGI application in front: kept answers first, then the router; every failure in the one envelope."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import structlog

from trunkline.server.errors import BadRequest, Issue, MethodNotAllowed, PayloadTooLarge, TrunklineError, Unavailable
from trunkline.server.http import answer as answers
from trunkline.server.http.answer import Answer
from trunkline.server.http.cache import AnswerCache
from trunkline.server.http.faults import fault
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request, raw_path
from trunkline.server.http.router import Router

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LONG_COMPRESSION = 200_000
"""Bodies of more bytes are compressed off the event loop."""
_PREFLIGHT = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
)
_log = structlog.get_logger(__name__)


class Front:
    """Answers requests from a table of operations."""

    def __init__(self, context: Context, router: Router, hosts: HostTable, cache: AnswerCache, body_limit: int) -> None:
        self._context = context
        self._router = router
        self._hosts = hosts
        self._cache = cache
        self._body_limit = body_limit
        self._codings: dict[bytes, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request (ASGI 3)."""
        headers = dict(scope["headers"])
        peer = scope["client"][0] if scope.get("client") else None
        region = self._hosts.region(headers, peer)
        request = Request(scope["method"], raw_path(scope), scope["query_string"], headers, region)
        key = (request.path, request.query, region)
        coding = self._coding(headers.get(b"accept-encoding", b""))
        epoch, made = None, None
        try:
            if b"content-length" in headers or b"transfer-encoding" in headers:
                await self._bound(headers, receive)
            epoch = self._context.snapshot()
            if request.method in ("GET", "HEAD"):
                made = self._cache.get(epoch, key)
        except Unavailable:
            epoch = None  # no catalogue yet: operations that need one say so themselves
        except TrunklineError as error:
            made = fault(error)
        if made is None:
            made = self._answer(request)
            if made.lasting and epoch is not None:
                self._cache.put(epoch, key, made)
        if made.needs_encoding(coding):
            if len(made.body) > LONG_COMPRESSION:
                await asyncio.to_thread(made.ready, coding)
            else:
                made.ready(coding)
            if made.lasting and epoch is not None:
                self._cache.put(epoch, key, made)
        await self._send(made, request, coding, send)

    async def _bound(self, headers: Mapping[bytes, bytes], receive: Receive) -> None:
        """Refuse a body over the limit: by its stated length, or where none is stated as soon as it gets there."""
        stated = headers.get(b"content-length")
        size, more = 0, stated is None
        if stated is not None:
            if not stated.isdigit():
                raise BadRequest(issues=[Issue("content-length", "expected a number of bytes")])
            size = int(stated)
        while more and size <= self._body_limit:
            message = await receive()
            size += len(message.get("body") or b"")
            more = message.get("more_body", False)
        if size > self._body_limit:
            raise PayloadTooLarge

    def _answer(self, request: Request) -> Answer:
        try:
            operation, params = self._router.find(request.path)
            if request.method == "OPTIONS":
                return Answer(204, b"", headers=_PREFLIGHT)
            if request.method not in ("GET", "HEAD"):
                raise MethodNotAllowed
            named = Request(request.method, request.path, request.query, request.headers, request.region, params)
            return operation.handler(self._context, named)
        except TrunklineError as error:
            return fault(error)
        except Exception:  # noqa: BLE001 - the last line of defence: a bug is a 500 in the envelope
            _log.exception("request failed", method=request.method, path=request.path.decode("ascii", "replace"))
            return fault(TrunklineError())

    def _coding(self, accept_encoding: bytes) -> bytes:
        coding = self._codings.get(accept_encoding)
        if coding is None:
            coding = answers.negotiate(accept_encoding)
            if len(self._codings) < 1_000:
                self._codings[accept_encoding] = coding
        return coding

    async def _send(self, made: Answer, request: Request, coding: bytes, send: Send) -> None:
        body, headers, tag = made.ready(coding)
        status = made.status
        if tag and _matches(request.headers, tag):
            status, body = 304, b""
            headers = [header for header in headers if header[0] not in (b"content-type", b"content-length")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


def _matches(headers: Mapping[bytes, bytes], tag: bytes) -> bool:
    wanted = headers.get(b"if-none-match")
    if wanted is None:
        return False
    return (
        wanted == tag
        or wanted.strip() == b"*"
        or tag in (part.strip().removeprefix(b"W/") for part in wanted.split(b","))
    )
