"""Objects of the API as a server sends them, made by hand."""

from __future__ import annotations

from typing import Any


def model(name: str = "acme/one", **changes: Any) -> dict[str, Any]:
    """Return a model's row with every required field and no other."""
    return {
        "id": name,
        "canonical_slug": name,
        "name": name.title(),
        "created": 1_700_000_000,
        "context_length": 8192,
        "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.00003", "completion": "0.00006"},
        "top_provider": {"is_moderated": False},
        "supported_parameters": ["temperature", "tools"],
        "default_parameters": None,
        "per_request_limits": None,
        "supported_voices": None,
        "links": {"details": f"/api/v1/models/{name}/endpoints"},
        **changes,
    }


def endpoint(**changes: Any) -> dict[str, Any]:
    """Return an endpoint's row with every field that servers of the document's age send."""
    return {
        "name": "Acme | acme/one",
        "provider_name": "Acme",
        "model_id": "acme/one",
        "model_name": "Acme: One",
        "tag": "acme",
        "context_length": 8192,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "pricing": {"prompt": "0", "completion": "0"},
        "quantization": None,
        "supported_parameters": [],
        "supports_implicit_caching": False,
        "uptime_last_5m": None,
        "uptime_last_30m": None,
        "uptime_last_1d": 99.5,
        "latency_last_30m": {"p50": 1, "p75": 2.5, "p90": 3, "p99": 4},
        "throughput_last_30m": None,
        **changes,
    }


def page(*rows: dict[str, Any], total: int | None = None, following: str | None = None) -> dict[str, Any]:
    """Return the body of a model list as newer servers send it."""
    return {
        "data": list(rows),
        "total_count": len(rows) if total is None else total,
        "links": {"next": following},
    }
