"""Answers everything that is no operation of the API: finds the page and the session, and keeps browsers strict."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from trunkline.server.errors import (
    Forbidden,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    TrunklineError,
    Unauthorized,
)
from trunkline.server.http.answer import Answer, Encoded
from trunkline.server.http.head import Header
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request
from trunkline.server.http.router import Router
from trunkline.server.http.streaming import Stream
from trunkline.server.usecases import sessions
from trunkline.server.web import assets, cookies
from trunkline.server.web.page import FORM_LIMIT, Entry, Page
from trunkline.server.web.visit import Doors, Visit

POLICY: Final = (
    b"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    b"object-src 'none'"
)
STRICT: Final[tuple[Header, ...]] = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
"""What every page tells the browser: nothing from elsewhere, nothing inline, in nobody's frame."""
_TOKEN_HEADER: Final = b"x-form-token"
_EXPIRED: Final = "This form was made for another session, or has waited too long. Open the page again."
_TITLES: Final = {
    400: "This address asks for something odd",
    403: "Not allowed",
    404: "There is no such page",
    405: "Not possible here",
    413: "Too much at once",
    429: "Too often",
    503: "Not ready yet",
}
_log = logging.getLogger(__name__)


class Web:
    """Implements `http.site.Site` from a table of pages. `operations` are the paths that stay the API's."""

    def __init__(
        self, context: Context, pages: Iterable[Page], doors: Doors, hosts: HostTable, operations: Iterable[str]
    ) -> None:
        pages = tuple(pages)
        self._context = context
        self._router = Router(pages)
        self._doors = doors
        self._hosts = hosts
        self._reserved = frozenset(path.encode() for path in operations if not path.startswith("/api/"))
        self._menu = tuple((page.menu, page.path) for page in pages if page.menu)

    def takes(self, path: bytes) -> bool:
        """Tell whether a raw path is the site's."""
        return not path.startswith(b"/api/") and path != b"/api" and path.rstrip(b"/") not in self._reserved

    def limit(self, method: str, path: bytes) -> int:
        """Return how many bytes a body may have."""
        try:
            page, _ = self._router.find(method, path)
        except (NotFound, MethodNotAllowed):
            return FORM_LIMIT
        return page.body_limit or FORM_LIMIT

    async def answer(self, request: Request, coding: bytes) -> Encoded | Stream:
        """Answer a request. Raises `TrunklineError` where whoever asks is no browser."""
        path, headers, peer = request.path, request.headers, request.peer
        if path.startswith(assets.PREFIX.encode()) and request.method in {"GET", "HEAD"}:
            name = path[len(assets.PREFIX) :].decode("latin-1")
            return await asyncio.to_thread(assets.encoded, name, coding)
        request.region, request.arrived = self._hosts.region(headers, peer), self._context.clock()
        visit = Visit(
            self._context,
            self._doors,
            request,
            self._hosts.origin("http", headers, peer),
            self._hosts.client(headers, peer),
            cookies.read(headers.get(b"cookie", b"")),
            self._menu,
        )
        try:
            page = await self._prepare(visit)
            if page.stream is not None:
                made = await page.stream(visit)
                if isinstance(made, Stream):
                    return made
                return _strict(made).ready(coding)
            return await asyncio.to_thread(_finished, page, visit, coding)
        except TrunklineError as error:
            return await asyncio.to_thread(_fault, visit, error, coding)
        except Exception:
            if not _browses(visit):
                raise
            _log.exception("request failed", extra={"method": visit.request.method, "path": visit.path})
            return await asyncio.to_thread(_fault, visit, TrunklineError(), coding)

    async def _prepare(self, visit: Visit) -> Page:
        """Find the page, and let in whom the page lets in. Raises `TrunklineError`."""
        page, visit.request.params = self._router.find(visit.request.method, visit.request.path)
        await asyncio.to_thread(_recognise, visit)
        if page.entry is Entry.SIGNED_IN and visit.who is None:
            raise Unauthorized
        if page.method not in {"GET", "HEAD"}:
            _require_own_form(visit, page)
        return page


def _recognise(visit: Visit) -> None:
    """Look up the session, and give strangers what their forms are tied to."""
    context = visit.context
    visit.token = visit.cookies.get(cookies.named(cookies.SESSION, secure=visit.secure), "")
    if visit.token:
        visit.who = sessions.resume(context.accounts, visit.doors.sessions, visit.token, clock=context.clock)
    if visit.who is not None:
        visit.request = replace(visit.request, caller=visit.who.caller)
        visit.form_token = cookies.form_token(visit.token)
        return
    visitor = visit.cookies.get(cookies.named(cookies.VISITOR, secure=visit.secure), "")
    if visitor:
        visit.form_token = cookies.form_token(visitor)


def _require_own_form(visit: Visit, page: Page) -> None:
    """Refuse what another site may have sent in the reader's name. Raises `Forbidden`.

    What a script sends to a `stream` has its token in the header: to take 24 MB for a form holds everybody up.
    """
    headers = visit.request.headers
    _, host = visit.origin
    origin = headers.get(b"origin", b"").decode("latin-1")
    if headers.get(b"sec-fetch-site", b"same-origin") not in {b"same-origin", b"none"}:
        raise Forbidden(_EXPIRED)
    if origin and origin.partition("://")[2].lower() != host.lower():
        raise Forbidden(_EXPIRED)
    sent = headers.get(_TOKEN_HEADER, b"").decode("latin-1")
    if not sent and page.stream is None:
        sent = visit.field("form_token")
    if not cookies.proves(sent, visit.form_token):
        raise Forbidden(_EXPIRED)


def _finished(page: Page, visit: Visit, coding: bytes) -> Encoded:
    assert page.handler is not None, "a page has one or the other"
    return _strict(page.handler(visit)).ready(coding)


def _strict(made: Answer) -> Answer:
    made.headers = (*STRICT, *made.headers)
    return made


def _browses(visit: Visit) -> bool:
    return b"text/html" in visit.request.headers.get(b"accept", b"") or visit.partial


def _fault(visit: Visit, error: TrunklineError, coding: bytes) -> Encoded:
    """Show what went wrong: strangers are sent to sign in, everybody else reads a page. Raises it for machines."""
    if not _browses(visit):
        raise error
    if isinstance(error, Unauthorized) and visit.who is None:
        way = visit.request.path.decode("latin-1")
        if visit.request.method == "GET":
            query = visit.request.query.decode("latin-1")
            way += f"?{query}" if query else ""
            return _strict(visit.redirect("/signin", next=way)).ready(coding)
        return _strict(visit.redirect("/signin")).ready(coding)
    title = _TITLES.get(error.status, "Something went wrong")
    made = visit.render("error.html", block="notice", status=error.status, error=error, title=title)
    if isinstance(error, TooManyRequests):
        made.headers += ((b"retry-after", str(error.retry_after).encode()),)
    if isinstance(error, MethodNotAllowed):
        made.headers += ((b"allow", ", ".join(error.allowed).encode()),)
    return _strict(made).ready(coding)
