"""Fetches an outside document over HTTPS, within bounds of time and size, and from the asked host only."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestTimeoutError

from trunkline import __version__
from trunkline.server.adapters.feeds.documents import LARGEST_JSON, MEBIBYTE
from trunkline.server.errors import FeedRefused

SECONDS = 120
CONNECT_SECONDS = 10
REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})

Received = Callable[[int, int], None]
"""Called with the bytes that have come and how many there are in all, 0 where the server does not say."""


def is_url(text: str) -> bool:
    """Tell whether a text is a URL rather than a file name."""
    return "://" in text


def shown_url(url: str) -> str:
    """Return a URL without user, password, query and fragment: what messages and sources may show."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def fetch(
    url: str, *, largest: int = LARGEST_JSON, seconds: float = SECONDS, received: Received = lambda _have, _total: None
) -> bytes:
    """Return the document at a URL: https, or http on this machine only.

    Redirects are followed on the same host only. `largest` bounds the document's bytes after
    decompression, `seconds` the whole transfer. Raises `FeedRefused` with one line that shows the URL
    without its secrets.
    """
    asked = _checked(url)
    limit = timedelta(seconds=seconds)
    connecting = timedelta(seconds=min(seconds, CONNECT_SECONDS))
    try:
        builder = SyncClientBuilder().timeout(limit).connect_timeout(connecting).follow_redirects(False)
        with builder.user_agent(f"trunkline/{__version__}").build() as client:
            for _ in range(REDIRECTS + 1):
                target = _get(client, url, largest, received)
                if isinstance(target, bytes):
                    return target
                url = urljoin(url, target)
                if _checked(url).hostname != asked.hostname:
                    raise FeedRefused(f"{shown_url(url)}: not followed, {asked.hostname} redirects to another host")
    except RequestTimeoutError:
        raise FeedRefused(f"{shown_url(url)}: no answer within {seconds:g} s") from None
    except PyreqwestError as fault:
        raise FeedRefused(f"{shown_url(url)}: cannot be reached ({_cause(fault)})") from None
    raise FeedRefused(f"{shown_url(url)}: more than {REDIRECTS} redirects")


def _get(client: SyncClient, url: str, largest: int, received: Received) -> bytes | str:
    """Return the document, or where it has moved."""
    with client.get(url).header("Accept", "application/json, application/yaml, */*").build_streamed() as response:
        location = response.get_header("location")
        if response.status in _MOVED and location:
            return location
        if response.status != HTTPStatus.OK:
            raise FeedRefused(f"{shown_url(url)}: answered with status {response.status}")
        length = response.get_header("content-length") or ""
        total = int(length) if length.isdigit() else 0
        body = bytearray()
        while (chunk := response.body_reader.read_chunk()) is not None:
            body += chunk
            if len(body) > largest:
                raise FeedRefused(f"{shown_url(url)}: larger than {largest / MEBIBYTE:g} MiB")
            received(len(body), max(total, len(body)) if total else 0)
        return bytes(body)


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise FeedRefused("that URL cannot be read") from None
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise FeedRefused(f"{shown_url(url)}: only https URLs are fetched")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise FeedRefused(f"{shown_url(url)}: fetched over https only; http is for this machine")
    return parts


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cause(fault: PyreqwestError) -> str:
    details = getattr(fault, "details", None) or {}
    causes = [str(cause.get("message", "")) for cause in details.get("causes") or ()]
    return " ".join((causes[-1] if causes else str(fault)).split())[:200]
