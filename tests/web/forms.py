"""Pages asked for without a browser: cookies kept by hand, forms filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.live.wire import Reply, Site

HTML = "text/html"


@dataclass
class Visitor:
    """Somebody with cookies."""

    site: Site
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Reply:
        """Open a page."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Reply:
        """Send a form."""
        headers.setdefault("content_type", "application/x-www-form-urlencoded")
        return self._ask("POST", path, urlencode(fields).encode(), headers)

    def send(self, path: str, body: bytes, **headers: str) -> Reply:
        """Send what a script would."""
        return self._ask("POST", path, body, headers)

    def sign_in(self, key: str, **fields: str) -> Reply:
        """Fill in the form of /signin."""
        token = form_token(self.get("/signin"))
        return self.post("/signin", {"form_token": token, "key": key, **fields})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        headers.setdefault("accept", HTML)
        if self.cookies:
            headers.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        reply = self.site.ask(method, "/" + path, body, **headers)
        for name, value in re.findall(r"(\w+)=([0-9a-f]*); Path=/; HttpOnly", reply.headers.get("set-cookie", "")):
            self.cookies[name] = value
        return reply


def form_token(reply: Reply) -> str:
    """Return the token of a page's first form."""
    found = re.search(rb'name="form_token" value="([0-9a-f]{64})"', reply.body)
    assert found, reply
    return found[1].decode()
