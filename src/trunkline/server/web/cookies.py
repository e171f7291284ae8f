"""Cookies and the tokens of forms: what a browser keeps, and how a form proves that it was made for it."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

SESSION: Final = "trunkline_session"
VISITOR: Final = "trunkline_visitor"
"""What strangers' forms are tied to; it opens nothing."""


def read(header: bytes) -> dict[str, str]:
    """Return the cookies of a `Cookie` header; of several of one name the first counts (the most specific path)."""
    found: dict[str, str] = {}
    for part in header.decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value)
    return found


def named(name: str, *, secure: bool) -> str:
    """Return a cookie's name: over https with the prefix that no other host or plain page can write (RFC 6265bis)."""
    return f"__Host-{name}" if secure else name


def kept(name: str, value: str, *, secure: bool, seconds: int | None = None) -> bytes:
    """Return a `Set-Cookie` line that scripts cannot read; for `seconds`, or until the browser ends."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    mark = "; Secure" if secure else ""
    return f"{named(name, secure=secure)}={value}; Path=/; HttpOnly; SameSite=Lax{age}{mark}".encode()


def form_token(cookie: str) -> str:
    """Return what forms carry for a browser that has this cookie: nobody else can make it, and it opens nothing."""
    return sha256(b"trunkline form:" + cookie.encode()).hexdigest()


def proves(sent: str, expected: str) -> bool:
    """Tell whether a form's token is the browser's."""
    return bool(expected) and hmac.compare_digest(sent.encode(), expected.encode())
