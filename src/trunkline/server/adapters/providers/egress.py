"""The egress guard: which addresses a base URL may lead to; resolved once, every address checked, one pinned.

Never: link-local, metadata services, multicast, unspecified and reserved addresses. Private and loopback
addresses only where the operator named the URL; plain http only there.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns a host name's addresses in the order in which they should be tried. Raises `OSError`."""

METADATA: Final[tuple[IPv4Network | IPv6Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # AWS, Azure, Google, DigitalOcean and others: 169.254.169.254
        "fd00:ec2::/32",  # AWS over IPv6
        "168.63.129.16/32",  # Azure's host node
        "100.100.100.200/32",  # Alibaba
        "192.0.0.192/32",  # Oracle
        "fd20:ce::254/128",  # Google over IPv6
    )
)
_HOST_NAME: Final = re.compile(r"(?!.*\.\.)[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9])?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_NAT64: Final = ip_network("64:ff9b::/96")
_SHARED: Final = ip_network("100.64.0.0/10")


class EgressRefused(Exception):
    """An address that is not to be called; the message says why and names no address."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base URL taken apart; `path` has no slash at its end."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The URL put together again, from nothing but what was checked."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.path}"

    @property
    def literal(self) -> Address | None:
        """The host's address where it is written as one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def base(url: str) -> Base:
    """Take a base URL apart. Raises `EgressRefused` for what is none, or could be read in two ways."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise EgressRefused("the base URL cannot be read") from None
    if parts.scheme not in {"http", "https"} or not host or "%" in host:
        raise EgressRefused("the base URL is not http or https")
    if "@" in parts.netloc or parts.query or parts.fragment or not url.isascii() or re.search(r"[\s\\<>\"{}|^`]", url):
        raise EgressRefused("the base URL holds more than scheme, host, port and path")
    made = Base(parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/"))
    # What looks like a number without being an address is read differently by different programs.
    if made.literal is None and (not _HOST_NAME.fullmatch(host) or _NUMBER.fullmatch(host.rpartition(".")[2])):
        raise EgressRefused("the base URL's host is neither a name nor an address")
    return made


async def addresses(at: Base, *, configured: bool, resolve: Resolve | None = None) -> list[str]:
    """Return the addresses that a base URL may be called at, every one of them checked.

    Raises `EgressRefused` when a single one is not allowed, `OSError` when the name has none.
    """
    found = [at.host] if at.literal is not None else await (resolve or system_resolve)(at.host, at.port)
    if not found:
        raise OSError("the host name has no address")
    for text in found:
        if reason := refusal(ip_address(text.partition("%")[0]), configured=configured, secure=at.secure):
            raise EgressRefused(reason)
    return list(dict.fromkeys(found))


async def system_resolve(host: str, port: int) -> list[str]:
    """Ask the system for a name's addresses."""
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in rows]


def refusal(address: Address, *, configured: bool, secure: bool) -> str | None:
    """Return why an address is not to be called, None where it may be."""
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        address = inner
    if address.is_link_local or any(address in network for network in METADATA if network.version == address.version):
        return "it leads to a link-local or metadata address"
    if address.is_multicast or address.is_unspecified:
        return "it leads to a multicast or unspecified address"
    if address.is_loopback or _is_private(address):
        return None if configured else "it leads to a private address, and the operator has not configured it"
    if not address.is_global or address.is_reserved or (isinstance(address, IPv6Address) and address.is_site_local):
        return "it leads to a reserved address"
    return None if secure else "plain http is for private and loopback addresses only"


def _is_private(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in ip_network("fc00::/7")
    return address in _SHARED or any(
        address in ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    )


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
