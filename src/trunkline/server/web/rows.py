"""What lists show of a model: one line of figures, made from its row, its endpoints and what was measured of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trunkline.server.domain.catalog import pricing, slugs
from trunkline.server.domain.catalog.index import NOTHING_MEASURED
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.web import formats

SOON = 180 * pricing.DAY
"""Seconds before its end from which on a list says that a model ends."""


@dataclass(frozen=True, slots=True)
class Line:
    """One model in a list.

    Prices are Decimals in USD per token, None where unknown; `latency` is in ms, `throughput` in tokens per
    second, `uptime` in percent of the best endpoint. `marks` are the privacy marks that at least one public
    endpoint earns, `expires` the day on which it ends where that is soon;
    `reason` says why the model is not the reader's, "" where it is or nobody asked.
    """

    id: str
    name: str
    author: str
    created: int
    description: str
    prompt: Decimal | None
    completion: Decimal | None
    tiered: bool
    context_length: int | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    intelligence: float | None
    coding: float | None
    agentic: float | None
    latency: float | None
    throughput: float | None
    uptime: float | None
    marks: tuple[str, ...]
    endpoints: int
    expires: str | None
    reason: str = ""

    @property
    def free(self) -> bool:
        """Whether tokens cost nothing."""
        return self.prompt == 0 and self.completion == 0


def rows_of(
    catalogue: Snapshot, rows: Iterable[Row], now: float, *, measured: bool, reasons: Mapping[str, str] | None = None
) -> list[Line]:
    """Return lines of rows at a Unix time; `measured` speed is for those with a key only, as in the API (spec 1.4)."""
    soon = formats.day(now + SOON)
    return [_line(catalogue, row, measured, (reasons or {}).get(row.id, ""), soon) for row in rows]


def _line(catalogue: Snapshot, row: Row, measured: bool, reason: str, soon: str) -> Line:
    model = row.decode()
    scores = (model.get("benchmarks") or {}).get("artificial_analysis") or {}
    learned = catalogue.learned.models.get(catalogue.positions[row.id], NOTHING_MEASURED)
    seen = [endpoint for endpoint in row.endpoints if endpoint.traits.permits(None)]
    wires = [_wire(catalogue, endpoint.key, endpoint.wire) for endpoint in seen]
    architecture = model["architecture"]
    return Line(
        id=row.id,
        name=model["name"],
        author=slugs.author(row.id),
        created=model["created"],
        description=model.get("description") or "",
        prompt=pricing.amount(model["pricing"]["prompt"]),
        completion=pricing.amount(model["pricing"]["completion"]),
        tiered=bool(model["pricing"].get("overrides")),
        context_length=model["context_length"],
        inputs=tuple(architecture["input_modalities"]),
        outputs=tuple(architecture["output_modalities"]),
        intelligence=scores.get("intelligence_index"),
        coding=scores.get("coding_index"),
        agentic=scores.get("agentic_index"),
        latency=(learned.latency_p50 or _best(wires, "latency_last_30m", min)) if measured else None,
        throughput=(learned.throughput_p50 or _best(wires, "throughput_last_30m", max)) if measured else None,
        uptime=max((wire["uptime_last_1d"] for wire in wires if wire.get("uptime_last_1d") is not None), default=None),
        marks=tuple(_marks(seen)),
        endpoints=len(seen),
        expires=ends if (ends := model.get("expiration_date")) and ends <= soon else None,
        reason=reason,
    )


def _wire(catalogue: Snapshot, key: str, wire: Mapping[str, Any]) -> Mapping[str, Any]:
    learned = catalogue.learned.endpoints.get(key)
    return wire if learned is None else {**wire, **learned}


def _best(wires: Iterable[Mapping[str, Any]], name: str, choose: Any) -> float | None:
    found: float | None = choose((wire[name]["p50"] for wire in wires if wire.get(name)), default=None)
    return found


def _marks(endpoints: Iterable[Any]) -> Iterable[str]:
    traits = [endpoint.traits for endpoint in endpoints]
    if any(endpoint.zdr for endpoint in endpoints):
        yield "zero retention"
    elif any(not each.trains for each in traits):
        yield "no training"
    for region in ("eu", "us"):
        if any(region in each.regions for each in traits):
            yield region.upper()
