"""The endpoint reads: those of one model, and all with zero data retention (spec 1.4)."""

from __future__ import annotations

from typing import Any

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.usecases.models import get_model


def list_endpoints(catalogue: Snapshot, slug: str) -> dict[str, Any]:
    """Return a model's identity with its endpoints as the API shows them (spec 2.7). Raises `NotFound`."""
    row = get_model(catalogue, slug)
    model = row.decode()
    return {
        "id": model["id"],
        "name": model["name"],
        "created": model["created"],
        "description": model.get("description") or "",
        "architecture": {"tokenizer": None, "instruct_type": None, **model["architecture"]},
        "endpoints": [endpoint.wire for endpoint in row.endpoints],
    }


def list_zdr_endpoints(catalogue: Snapshot, region: str | None = None) -> list[dict[str, Any]]:
    """Return every public endpoint with zero data retention, once each, in catalogue order; `region` narrows."""
    return [
        endpoint.wire
        for row in catalogue.public()
        for endpoint in row.endpoints
        if endpoint.zdr and endpoint.serves(row.id) and (region is None or region in endpoint.regions)
    ]
