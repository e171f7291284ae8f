"""Model rows: a source's statement of a model, completed to what the API requires (spec 2.2, 2.13, 4.2).

What the row states always wins; derivation fills only what it leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.server.domain.catalog import endpoints, pricing
from trunkline.server.domain.catalog.parsers import words

Json = Mapping[str, Any]

_OF_ITS_OWN = frozenset({"id", "canonical_slug", "name", "created", "description", "links", "alias_target"})
"""Fields that a `~author/family-latest` row never takes from its target (spec 4.2)."""
_INPUT_ORDER = ("text", "image", "file", "audio", "video")


def complete(model_id: str, wire: Json, notes: Json, offers: Sequence[tuple[Json, Json]]) -> dict[str, Any]:
    """Return a model's row with every field the API requires.

    `offers` are the (wire, notes) pairs of its endpoints, in the source's order.
    """
    row: dict[str, Any] = {"id": model_id, **wire}
    best = endpoints.top(offers) or {}
    row.setdefault("canonical_slug", model_id.partition(":")[0])
    row.setdefault("name", model_id)
    row.setdefault("created", notes.get("first_listed", 0))
    row.setdefault("context_length", best.get("context_length"))
    row["architecture"] = _architecture(row.get("architecture") or {})
    row["pricing"] = {"prompt": pricing.UNKNOWN, "completion": pricing.UNKNOWN} | dict(
        row.get("pricing") or best.get("pricing") or {}
    )
    row["top_provider"] = {
        "context_length": best.get("context_length", row["context_length"]),
        "max_completion_tokens": best.get("max_completion_tokens"),
        "is_moderated": False,
    } | dict(row.get("top_provider") or {})
    row.setdefault("per_request_limits", None)
    row.setdefault("supported_parameters", _union(offers))
    row.setdefault("default_parameters", None)
    row.setdefault("supported_voices", None)
    row.setdefault("links", {"details": f"/api/v1/models/{row['canonical_slug']}/endpoints"})
    return row


def complete_alias(model_id: str, wire: Json, target: Json) -> dict[str, Any]:
    """Return the row of `~author/family-latest`: its own fields over everything that its target's row has.

    Its `canonical_slug` is its id, its `alias_target` names the target (spec 2.2, 4.2).
    """
    row: dict[str, Any] = {"id": model_id, "canonical_slug": model_id}
    row |= {key: value for key, value in target.items() if key not in _OF_ITS_OWN}
    row |= wire
    row["alias_target"] = {"slug": target["id"], "name": target["name"], **wire.get("alias_target", {})}
    row.setdefault("name", target["name"])
    row.setdefault("created", target["created"])
    row.setdefault("links", {"details": f"/api/v1/models/{model_id}/endpoints"})
    return row


def _architecture(stated: Json) -> dict[str, Any]:
    modality = stated.get("modality") or ""
    inputs, _, outputs = modality.partition("->")
    taken = stated.get("input_modalities") or list(words(inputs.replace("+", ",")) or ("text",))
    given = stated.get("output_modalities") or list(words(outputs.replace("+", ",")) or ("text",))
    ordered = sorted(taken, key=lambda kind: _INPUT_ORDER.index(kind) if kind in _INPUT_ORDER else len(_INPUT_ORDER))
    derived = {
        "modality": f"{'+'.join(ordered)}->{'+'.join(given)}",
        "input_modalities": taken,
        "output_modalities": given,
        "tokenizer": "Other",
        "instruct_type": None,
    }
    return {**derived, **stated}


def _union(offers: Sequence[tuple[Json, Json]]) -> list[str]:
    return sorted({name for wire, _ in offers for name in wire.get("supported_parameters") or ()})
