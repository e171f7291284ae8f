"""One request for a page: who asks, what for, and how to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.errors import BadRequest, Issue, Unauthorized
from trunkline.server.http.answer import Answer
from trunkline.server.http.head import Header
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request
from trunkline.server.usecases.session_ports import Attempts, Sessions
from trunkline.server.usecases.sessions import SignedIn

HTML: Final = b"text/html; charset=utf-8"
THEMES: Final = ("light", "dark")
_IN_ADDRESSES: Final = "%/:?#[]@!$&'()*+,;=~"
"""What stands for itself in an address, or is written in percent already (RFC 3986, 2.2)."""
_FRESH: Final[tuple[Header, ...]] = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Cookie, HX-Request, Accept-Encoding"),
)
_SECRET: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"),)


@dataclass(frozen=True, slots=True)
class Doors:
    """What signing in reaches: where sessions are kept, and how often somebody may try."""

    sessions: Sessions
    attempts: Attempts


@dataclass
class Visit:
    """One request for a page.

    `origin` is the scheme and host of the reader's address bar, `client` the address that attempts are counted for,
    `cookies` what came with the request, `who` the session, None for a stranger; `form_token` proves that a form
    was made for this browser.
    """

    context: Context
    doors: Doors
    request: Request
    origin: tuple[str, str]
    client: str
    cookies: dict[str, str]
    menu: Sequence[tuple[str, str]]
    who: SignedIn | None = None
    token: str = ""
    form_token: str = ""
    set_cookies: list[bytes] = field(default_factory=list)

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the path."""
        return dict(self.request.params)

    @property
    def path(self) -> str:
        """The path as sent."""
        return self.request.path.decode("latin-1")

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's pairs without those that a form left empty. Raises `BadRequest`."""
        return [(name, value) for name, value in self.request.pairs() if value.strip()]

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form that was sent. Raises `BadRequest`."""
        if not self.request.headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
            raise BadRequest(issues=[Issue("content-type", "expected application/x-www-form-urlencoded")])
        try:
            return parse_qsl(self.request.body.decode("utf-8"), keep_blank_values=True, errors="strict")
        except ValueError:
            raise BadRequest(issues=[Issue("body", "expected the fields of a form in UTF-8")]) from None

    def field(self, name: str) -> str:
        """Return the last value of a form's field, "" where it is absent."""
        return next((value for known, value in reversed(self.form) if known == name), "")

    def every(self, name: str) -> list[str]:
        """Return all values of a form's field in their order, empty ones too."""
        return [value for known, value in self.form if known == name]

    @property
    def actor(self) -> Actor:
        """Who changes something by this request, for the audit trail. Raises `Unauthorized` for a stranger."""
        if self.who is None:
            raise Unauthorized
        key = self.who.caller.key
        return Actor(
            account_id=self.who.account.id,
            via=Via.WEB,
            name=key.label,
            key_hash=key.hash,
            user_id=key.creator_user_id,
            address=self.client or None,
        )

    @property
    def secure(self) -> bool:
        """Whether the reader came over https."""
        scheme, host = self.origin
        return scheme == "https" or self.context.site_url.rstrip("/") == f"https://{host}"

    @property
    def base_url(self) -> str:
        """The address of the API as this reader reaches it."""
        scheme, host = self.origin
        return f"{'https' if self.secure else scheme}://{host}/api/v1"

    @property
    def theme(self) -> str:
        """`light` or `dark` where the reader has chosen, else ""."""
        return chosen if (chosen := self.cookies.get("theme", "")) in THEMES else ""

    @property
    def partial(self) -> bool:
        """Whether a script asks for a part of the page, and not a reader for all of it."""
        headers = self.request.headers
        return headers.get(b"hx-request") == b"true" and b"hx-history-restore-request" not in headers

    def render(self, template: str, *, block: str = "", status: int = 200, **values: Any) -> Answer:
        """Answer with a template; where a script asked for a part, with that `block` of it alone."""
        # Imported with the first page: templates take 60 ms of a start, and few processes ever show one.
        from trunkline.server.web import rendering

        body = rendering.render(template, block if self.partial else "", {"visit": self, **values})
        return Answer(status, body, HTML, self.headers)

    def redirect(self, path: str, **query: str) -> Answer:
        """Answer with another page's address, which is asked for by GET; a script is told to go there.

        What no header can carry, such as an id that somebody made up, is written in percent.
        """
        target = quote(f"{path}?{urlencode(query)}" if query else path, safe=_IN_ADDRESSES).encode()
        if self.partial:
            return Answer(200, b"", HTML, ((b"hx-redirect", target), *self.headers))
        return Answer(303, b"", HTML, ((b"location", target), *self.headers))

    @property
    def headers(self) -> tuple[Header, ...]:
        """What says who may keep the answer, and the cookies that go with it."""
        keeping = _FRESH if self.who is None else _SECRET
        return (*keeping, *((b"set-cookie", cookie) for cookie in self.set_cookies))
