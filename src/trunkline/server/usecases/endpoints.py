"""The endpoint reads: those of one model, and all with zero data retention (spec 1.4)."""

from __future__ import annotations

from typing import Any

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.catalog.traits import Viewer
from trunkline.server.usecases.models import get_model

MEASURED = {"latency_last_30m": None, "throughput_last_30m": None}
"""What callers without a key do not get to see (spec 1.4)."""


def list_endpoints(catalogue: Snapshot, slug: str, viewer: Viewer | None = None) -> dict[str, Any]:
    """Return a model's identity with its endpoints as the API shows them to a viewer, None for the public (spec 2.7).

    Raises `NotFound`.
    """
    row = get_model(catalogue, slug, viewer)
    model = row.decode()
    return {
        "id": model["id"],
        "name": model["name"],
        "created": model["created"],
        "description": model.get("description") or "",
        "architecture": {"tokenizer": None, "instruct_type": None, **model["architecture"]},
        "endpoints": [_shown(catalogue, endpoint, viewer) for endpoint in row.endpoints],
    }


def list_zdr_endpoints(
    catalogue: Snapshot, region: str | None = None, viewer: Viewer | None = None
) -> list[dict[str, Any]]:
    """Return every public endpoint with zero data retention, once each, in catalogue order; `region` narrows."""
    return [
        _shown(catalogue, endpoint, viewer)
        for row in catalogue.public()
        for endpoint in row.endpoints
        if endpoint.zdr and endpoint.serves(row.id) and (region is None or region in endpoint.regions)
    ]


def _shown(catalogue: Snapshot, endpoint: Endpoint, viewer: Viewer | None) -> dict[str, Any]:
    measured = catalogue.learned.endpoints.get(endpoint.key)
    wire = endpoint.wire if measured is None else {**endpoint.wire, **measured}
    return wire | MEASURED if viewer is None else wire
