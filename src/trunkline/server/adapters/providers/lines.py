"""What is known beforehand of calling an endpoint: where it is, how it is worded, and what its requests begin with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from trunkline.server.adapters.providers.connections import Connections
from trunkline.server.adapters.providers.request import Writer, headers_of
from trunkline.server.adapters.providers.targets import Target, upstream_model
from trunkline.server.domain.catalog.endpoints import Endpoint

SLOW: Final = frozenset({"reasoning", "include_reasoning", "reasoning_effort"})
"""Parameters by which a reasoning model is known."""


@dataclass(frozen=True, slots=True)
class Line:
    """How one endpoint is called with one credential.

    `model` is what the provider calls it. `slow`: it may think before its first token. `secrets` are never shown.
    `names` is for the dialect (`Addressee`).
    """

    endpoint: Endpoint
    target: Target
    connections: Connections
    writer: Writer
    model: str
    slow: bool
    secrets: tuple[str, ...] = field(repr=False)
    names: dict[str, str | None] = field(default_factory=dict)


def line(endpoint: Endpoint, target: Target, connections: Connections) -> Line:
    """Return the line to an endpoint. Raises `Unsendable` for headers that are none."""
    return Line(
        endpoint=endpoint,
        target=target,
        connections=connections,
        writer=Writer(connections.base, headers_of(target)),
        model=upstream_model(endpoint),
        slow=not SLOW.isdisjoint(endpoint.wire["supported_parameters"]),
        secrets=target.secrets,
    )
