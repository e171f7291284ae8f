"""The list of providers (spec 2.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.server.domain.catalog.snapshot import Snapshot


def list_providers(catalogue: Snapshot) -> Sequence[Mapping[str, Any]]:
    """Return all providers as the API shows them, by name."""
    return catalogue.providers
