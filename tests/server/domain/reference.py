"""A second list evaluator, written from the API's description alone: plain loops over decoded rows, exact fractions.

It shares no code with the index that it judges, and is slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trunkline.server.domain.catalog.snapshot import Row

Pair = tuple[str, str]
LISTS = ("supported_parameters", "output_modalities", "input_modalities", "arch", "model_authors", "providers")
EXACT_WORDS = ("category", "distillable", "zdr", "region")


@dataclass
class Answer:
    ids: list[str]
    """The page."""
    total: int
    next_offset: int | None


def answer(rows: list[Row], pairs: list[Pair], now: int, host_region: str | None = None) -> Answer:
    """Answer a list request over rows in any order; `host_region` is that of the host asked."""
    asked = _asked(pairs)
    in_order = sorted(rows, key=lambda row: (-row.decode()["created"], row.id))
    found = [row for row in in_order if _passes(row, asked, now, host_region)]
    found = _sorted(found, asked.get("sort"))
    total = len(found)
    if "offset" not in asked and "limit" not in asked:
        return Answer([row.id for row in found], total, None)
    offset, limit = int(asked.get("offset", 0)), int(asked.get("limit", 500))
    page = found[offset : offset + limit]
    return Answer([row.id for row in page], total, offset + limit if offset + limit < total else None)


def _asked(pairs: list[Pair]) -> dict[str, str]:
    """A repeated list is concatenated, of a repeated scalar the last counts, an empty value is none."""
    asked: dict[str, str] = {}
    for name, value in pairs:
        asked[name] = asked[name] + "," + value if name in LISTS and name in asked else value
    return {name: value.strip() for name, value in asked.items() if value.strip()}


def _passes(row: Row, asked: dict[str, str], now: int, host_region: str | None) -> bool:  # noqa: PLR0911 - one a parameter
    wire, notes = row.decode(), row.notes
    words = {name: [word.strip() for word in asked[name].split(",") if word.strip()] for name in LISTS if name in asked}
    architecture = wire["architecture"]

    outputs = words.get("output_modalities", ["text"])
    if "all" not in outputs and not any(kind in architecture["output_modalities"] for kind in outputs):
        return False
    if not all(kind in architecture["input_modalities"] for kind in words.get("input_modalities", [])):
        return False
    if not all(name in wire["supported_parameters"] for name in words.get("supported_parameters", [])):
        return False
    if "category" in asked and asked["category"] not in (notes.get("categories") or []):
        return False
    if "distillable" in asked and (asked["distillable"] == "true") is not bool(notes.get("distillable")):
        return False
    if "arch" in asked and not any(_is_family(architecture["tokenizer"] or "", family) for family in words["arch"]):
        return False
    author = row.id.split("/")[0].lstrip("~")
    if "model_authors" in asked and author not in [name.lower() for name in words["model_authors"]]:
        return False
    if "context" in asked and (wire["context_length"] is None or wire["context_length"] < int(asked["context"])):
        return False
    for token in asked.get("q", "").lower().split():
        if token not in row.id.lower() and token not in wire["name"].lower():
            return False
    return _in_ranges(wire, asked, now) and _has_one_endpoint(row, words, asked, host_region)


def _is_family(tokenizer: str, family: str) -> bool:
    tokenizer, family = tokenizer.lower(), family.lower()
    return tokenizer == family or (
        tokenizer.startswith(family) and all(sign in "0123456789" for sign in tokenizer[len(family) :])
    )


def _in_ranges(wire: dict[str, Any], asked: dict[str, str], now: int) -> bool:
    scores = wire.get("benchmarks", {}).get("artificial_analysis", {})
    values = {
        "price": _per_million(wire["pricing"]["prompt"]),
        "output_price": _per_million(wire["pricing"]["completion"]),
        "age_days": Fraction((now - wire["created"]) // 86400),
        "tool_success_rate": None,
        **{
            name: None if scores.get(name) is None else Fraction(str(scores[name]))
            for name in ("intelligence_index", "coding_index", "agentic_index")
        },
    }
    for name, value in values.items():
        low, high = asked.get(f"min_{name}"), asked.get(f"max_{name}")
        if (low is not None or high is not None) and value is None:
            return False
        if low is not None and value < Fraction(low):
            return False
        if high is not None and value > Fraction(high):
            return False
    return True


def _per_million(price: str) -> Fraction | None:
    return None if price == "-1" else Fraction(price) * 1_000_000


def _has_one_endpoint(row: Row, words: dict[str, list[str]], asked: dict[str, str], host_region: str | None) -> bool:
    """One and the same endpoint must satisfy provider, region and retention."""
    if not (host_region or {"providers", "zdr", "region"} & asked.keys()):
        return True
    names = [name.lower() for name in words.get("providers", [])]
    for endpoint in row.endpoints:
        called = {endpoint.wire["provider_name"].lower(), endpoint.wire["tag"].split("/")[0].lower()}
        if names and not called & set(names):
            continue
        if "region" in asked and asked["region"] not in endpoint.regions:
            continue
        if host_region and host_region not in endpoint.regions:
            continue
        if "zdr" in asked and not _keeps_nothing(dict(endpoint.data_policy)):
            continue
        return True
    return False


def _keeps_nothing(policy: dict[str, Any]) -> bool:
    """No training, and nothing retained; what is not said counts as training and retaining."""
    if policy.get("training") is not False or policy.get("retains") is True:
        return False
    if policy.get("retention_days") not in (None, 0):
        return False
    return policy.get("retains") is False or policy.get("retention_days") == 0


def _sorted(rows: list[Row], sort: str | None) -> list[Row]:
    if sort is None:
        return rows
    keys = {row.id: _key(row.decode(), sort) for row in rows}
    known = [row for row in rows if keys[row.id] is not None]
    unknown = [row for row in rows if keys[row.id] is None]
    falling = -1 if sort == "newest" or sort.endswith("high-to-low") or sort in {"most-popular", "top-weekly"} else 1
    return sorted(known, key=lambda row: tuple(falling * part for part in keys[row.id])) + unknown


def _key(wire: dict[str, Any], sort: str) -> tuple[Any, ...] | None:
    scores = wire.get("benchmarks", {}).get("artificial_analysis", {})
    if sort.startswith("pricing-"):
        price = wire["pricing"]
        if price["prompt"] == "-1" or price["completion"] == "-1":
            return None
        mean = (Fraction(price["prompt"]) + Fraction(price["completion"])) / 2
        return (mean, *(Fraction(max(price.get(extra, "0"), "0")) for extra in ("request", "web_search")))
    value = {
        "context-high-to-low": wire["context_length"],
        "newest": wire["created"],
        "intelligence-high-to-low": scores.get("intelligence_index"),
        "coding-high-to-low": scores.get("coding_index"),
        "agentic-high-to-low": scores.get("agentic_index"),
        "design-arena-elo-high-to-low": max(
            (entry["elo"] for entry in wire.get("benchmarks", {}).get("design_arena", [])), default=None
        ),
    }.get(sort)
    return None if value is None else (value,)
