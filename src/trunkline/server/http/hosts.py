"""Which region a request's host stands for (spec 5.11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_address, ip_network

REMEMBERED = 1_000
"""Hosts whose region is remembered, whoever invents them."""


class HostTable:
    """Maps host prefixes to regions: `eu.` to `eu`.

    `X-Forwarded-Host` counts only when the peer is in one of the trusted networks (or addresses).
    """

    def __init__(self, regions: Mapping[str, str], trusted_proxies: Collection[str] = ()) -> None:
        self._regions = {prefix.lower().encode(): region for prefix, region in regions.items()}
        self._seen: dict[bytes, str | None] = {}
        self._trusted = [ip_network(network) for network in trusted_proxies]

    def region(self, headers: Mapping[bytes, bytes], peer: str | None) -> str | None:
        """Return the region of a request's host, None for the global one."""
        host = headers.get(b"host", b"")
        if self._trusted and b"x-forwarded-host" in headers and self._trusts(peer):
            host = headers[b"x-forwarded-host"].split(b",", 1)[0].strip()
        if host not in self._seen:
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            self._seen[host] = self._look_up(host.lower())
        return self._seen[host]

    def origin(self, scheme: str, headers: Mapping[bytes, bytes], peer: str | None) -> tuple[str, str]:
        """Return the scheme and host that the caller's own address bar shows, as proxies that are trusted tell it."""
        host = headers.get(b"host", b"")
        if self._trusted and self._trusts(peer):
            host = headers.get(b"x-forwarded-host", host).split(b",", 1)[0].strip()
            said = headers.get(b"x-forwarded-proto", b"").split(b",", 1)[0].strip().lower()
            scheme = said.decode("latin-1") if said in {b"http", b"https"} else scheme
        return scheme, host.decode("latin-1")

    def client(self, headers: Mapping[bytes, bytes], peer: str | None) -> str:
        """Return the address of whoever asks: the last one that no trusted proxy has, "" where nobody can tell."""
        if self._trusted and self._trusts(peer):
            for said in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
                if said.strip() and not self._trusts(said.strip()):
                    return said.strip()
        return peer or ""

    def _look_up(self, host: bytes) -> str | None:
        return next((region for prefix, region in self._regions.items() if host.startswith(prefix)), None)

    def _trusts(self, peer: str | None) -> bool:
        try:
            address = ip_address(peer or "")
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
