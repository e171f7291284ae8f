"""List queries that no cache holds, in process: from the query string to the bytes of the body."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from random import Random
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks.catalogues import Catalogue, snapshot
from trunkline.server.domain.catalog.filters import FILTERS
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.domain.catalog.vocabulary import CATEGORIES, REGIONS
from trunkline.server.http.request import Request
from trunkline.server.http.routes.models import LIST
from trunkline.server.http.views.models import list_body
from trunkline.server.usecases.models import list_models

NOW = 1_787_400_000.0
FIXED = "output_modalities=text&supported_parameters=tools&context=100000&max_price=5&q=a&sort=pricing-low-to-high"
"""The filtered and sorted query of the tables."""
_WORDS = {
    "category": CATEGORIES,
    "supported_parameters": ("tools", "temperature", "tools,reasoning", "structured_outputs,seed"),
    "output_modalities": ("text", "image", "all", "text,embeddings"),
    "input_modalities": ("text", "image", "text,image", "file", "audio"),
    "q": ("gpt", "llama", "a", "claude sonnet", "free 12", "mini 7", "zzz"),
    "context": ("8192", "131072", "200000", "1000000"),
    "arch": ("GPT", "Llama", "Claude,Gemini", "Qwen"),
    "model_authors": ("openai", "anthropic,google", "qwen", "mistralai,meta-llama"),
    "providers": ("OpenAI", "Google,Azure", "deepinfra"),
    "distillable": ("true", "false"),
    "zdr": ("true",),
    "region": REGIONS,
}


def measure(real: Catalogue, many: Catalogue) -> dict[str, Any]:
    """Return the times (ms) of the fixed query on both catalogues, its growth, and those of 1,000 random ones."""
    few, lots = snapshot(real.home), snapshot(many.home)
    small = [timed(few, f"{FIXED}&limit=100") for _ in range(500)]
    large = [timed(lots, f"{FIXED}&limit=100") for _ in range(200)]
    growth = len(lots.rows) / len(few.rows)
    drawn = [timed(lots, query) for query in queries(1_000)]
    return {
        "query": FIXED,
        "real": {"models": len(few.rows), "found": found(few, FIXED), **spread(small)},
        "real, whole list": spread([timed(few, FIXED) for _ in range(500)]),
        "many": {"models": len(lots.rows), "found": found(lots, FIXED), **spread(large)},
        "growth": {"catalogue": growth, "time": median(large) / median(small)},
        "random": {"queries": len(drawn), **spread(drawn)},
    }


def queries(count: int, seed: int = 1) -> list[str]:
    """Return random queries: up to six filters, any sort, `limit=100`; the same for the same seed."""
    chance = Random(seed)
    made = []
    for _ in range(count):
        chosen = chance.sample(sorted(FILTERS), chance.randint(0, 6))
        pairs = [(name, _value(chance, name)) for name in chosen]
        pairs += [("sort", chance.choice(sorted(SORTS)))] if chance.random() < 0.8 else []
        made.append(urlencode([*pairs, ("offset", str(chance.choice((0, 0, 100, 5_000)))), ("limit", "100")]))
    return made


def timed(catalogue: Snapshot, query: str) -> float:
    """Answer one query and return the milliseconds that it took."""
    started = time.perf_counter()
    answer(catalogue, query)
    return (time.perf_counter() - started) * 1e3


def answer(catalogue: Snapshot, query: str) -> Any:
    """Return the body of a query: read, filtered, sorted, paged and put together as for a request."""
    request = Request("GET", b"/api/v1/models", query.encode(), {})
    return list_body(list_models(catalogue, LIST.read(request), NOW), request)


def found(catalogue: Snapshot, query: str) -> int:
    """Return how many rows a query finds."""
    return list_models(catalogue, LIST.read(Request("GET", b"", query.encode(), {})), NOW).total


def spread(times: Sequence[float]) -> dict[str, float]:
    """Return median, 99th percentile and largest of some times."""
    ordered = sorted(times)
    return {"median": median(ordered), "p99": ordered[len(ordered) * 99 // 100], "max": ordered[-1]}


def _value(chance: Random, name: str) -> str:
    if name in _WORDS:
        return str(chance.choice(_WORDS[name]))
    if name.endswith("age_days"):
        return str(chance.randint(0, 900))
    if "price" in name:
        return str(round(chance.uniform(0, 20), 2))
    return str(round(chance.uniform(0, 1 if "rate" in name else 90), 1))


if __name__ == "__main__":
    import json

    from benchmarks import catalogues

    gc.collect()
    print(json.dumps(measure(catalogues.real(), catalogues.many()), indent=1))
