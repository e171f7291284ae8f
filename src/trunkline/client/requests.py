"""Makes requests: the address with its path and query, and the headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from trunkline import __version__
from trunkline.client.contracts import Contract
from trunkline.client.settings import ATTRIBUTION, ApiKey, Settings, base_url
from trunkline.errors.exchange import Request
from trunkline.types.unset import UNSET, OptionalNullable, Unset
from trunkline.utils.retries import RetryConfig

USER_AGENT = f"trunkline-python/{__version__}"
UNQUOTED = "~:@!$&'()*+,;="
"""What a segment of a path may hold as it is (RFC 3986, 3.3); a slash in a value is quoted."""


@dataclass(frozen=True, slots=True)
class Options:
    """What every method takes besides its own parameters; None and UNSET mean what the client was set up with."""

    http_referer: str | None = None
    x_open_router_title: str | None = None
    x_open_router_categories: str | None = None
    retries: OptionalNullable[RetryConfig] = UNSET
    server_url: str | None = None
    timeout_ms: int | None = None
    http_headers: Mapping[str, str] | None = None


def build(
    settings: Settings,
    contract: Contract,
    options: Options,
    *,
    values: Mapping[str, str],
    query: Mapping[str, Any],
    bearer: str | Unset | None = UNSET,
) -> Request:
    """Return the GET request of a call.

    `values` fill the path, `query` loses what is None or UNSET, and `bearer` replaces the client's
    key. Raises `ValueError` for a value that would change the path or break a header.
    """
    server = settings.server_url if options.server_url is None else base_url(options.server_url)
    path = contract.path.format_map({name: _segment(name, value) for name, value in values.items()})
    asked = urlencode({name: _text(value) for name, value in query.items() if value is not None and value is not UNSET})
    key = settings.api_key if isinstance(bearer, Unset) else bearer
    return Request(
        method="GET",
        url=f"{server}{path}{'?' if asked else ''}{asked}",
        headers=_headers(settings, options, key),
        timeout_ms=options.timeout_ms or settings.timeout_ms,
    )


def number(value: OptionalNullable[float | Decimal]) -> OptionalNullable[str]:
    """Return a bound as it is sent: as official clients write floats (0 is `0.0`), a Decimal with all its digits."""
    if value is None or isinstance(value, Unset):
        return value
    return format(value, "f") if isinstance(value, Decimal) else str(float(value))


def _segment(name: str, value: str) -> str:
    if value in (".", ".."):
        raise ValueError(f"{name} cannot be {value!r}: it would lead to another path")
    return quote(value, safe=UNQUOTED)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _headers(settings: Settings, options: Options, key: ApiKey) -> tuple[tuple[str, str], ...]:
    headers = {"accept": ("Accept", "application/json"), "user-agent": ("User-Agent", USER_AGENT)}
    for (name, header, _), default in zip(ATTRIBUTION, settings.attribution, strict=True):
        given = getattr(options, name)
        if value := default if given is None else given:
            headers[header.lower()] = (header, value)
    if token := key() if callable(key) else key:
        bearer = token if token.lower().startswith("bearer ") else f"Bearer {token}"
        headers["authorization"] = ("Authorization", bearer)
    for header, value in (options.http_headers or {}).items():
        headers[header.lower()] = (header, value)
    for header, value in headers.values():
        if any(character < " " or character == "\x7f" for character in value):
            # The value stays out of the message: it may be the key.
            raise ValueError(f"the value for the header {header} holds a line break or another control character")
    return tuple(headers.values())
