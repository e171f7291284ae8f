"""Which endpoint is called where: base URL, dialect, credential, limits and the upstream's own name of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from trunkline.server.adapters.providers.dialects.anthropic import ANTHROPIC
from trunkline.server.adapters.providers.dialects.dialect import Dialect
from trunkline.server.adapters.providers.dialects.gemini import GEMINI
from trunkline.server.adapters.providers.dialects.openai import OPENAI
from trunkline.server.adapters.providers.quirks import NONE, Quirk
from trunkline.server.domain.catalog.endpoints import Endpoint

DIALECTS: Mapping[str, Dialect] = {"openai": OPENAI, "anthropic": ANTHROPIC, "gemini": GEMINI}
"""The dialects that are spoken, by the name that settings and provider files give them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. `first_byte` bounds the wait for the first byte of an answer's body.

    `first_byte_slow` is that of reasoning models, and of answers that come whole: their first byte comes after
    the last token. `idle` bounds every later wait.
    """

    connect: float = 10
    first_byte: float = 60
    first_byte_slow: float = 300
    idle: float = 120

    @property
    def longest(self) -> float:
        """The longest silence that any of them allows."""
        return max(self.first_byte, self.first_byte_slow, self.idle)


@dataclass(frozen=True, slots=True)
class Target:
    """One provider's server. `configured`: the operator named its address, so that it may be a private one.

    `completions`: it serves text completions too, so that a bare prompt need not become a conversation.
    """

    slug: str
    base_url: str
    dialect: Dialect
    key: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    limits: Limits = Limits()
    configured: bool = False
    completions: bool = False
    quirk: Quirk = NONE

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(text for text in (self.key, *(value for _, value in self.headers)) if text and len(text) >= 4)


class Targets:
    """Implements the port `Credentials`: every provider that can be called, by slug.

    `keyless` are those whose address is known and whose key is not: with an account's own key they can be called.
    """

    def __init__(self, targets: Iterable[Target], keyless: Iterable[Target] = ()) -> None:
        self._by_slug = {target.slug: target for target in targets}
        self._reachable = {target.slug: target for target in keyless} | self._by_slug

    def usable(self) -> frozenset[str]:
        """Return the slugs of the providers that can be called."""
        return frozenset(self._by_slug)

    def reachable(self) -> frozenset[str]:
        """Return the slugs of the providers that can be called, be it with an account's own key only."""
        return frozenset(self._reachable)

    def with_own(self, endpoint: Endpoint, key: str) -> Target | None:
        """Return where an endpoint is called with an account's own key, None where it cannot be.

        The operator's headers stay behind: one of them may be a credential, and then the operator would pay.
        """
        known = self._reachable.get(endpoint.provider)
        return None if known is None else replace(known, key=key, headers=())

    def any_of(self, endpoint: Endpoint) -> Target | None:
        """Return how an endpoint's provider is spoken to, with whatever key, None where its address is not known."""
        return self._reachable.get(endpoint.provider)

    def of(self, endpoint: Endpoint) -> Target | None:
        """Return where an endpoint is called, None where it cannot be."""
        return self.by_slug(endpoint.provider)

    def by_slug(self, slug: str) -> Target | None:
        """Return where a provider is called, None where it cannot be."""
        return self._by_slug.get(slug)


def upstream_model(endpoint: Endpoint) -> str:
    """Return the upstream's name of an endpoint's model; where nobody states it, the id's last part."""
    stated = endpoint.notes.get("upstream_model")
    if isinstance(stated, str) and stated:
        return stated
    return endpoint.key.split(" ", 1)[0].partition("/")[2].partition(":")[0]
