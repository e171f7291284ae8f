"""Reads genai-prices: per provider, which models it knows by which rule, and the price in force on a day."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from trunkline.server.adapters.feeds.models_dev.rows import Tier

FIELDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "input_audio_mtok": "input_audio",
    "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image",
}
"""genai-prices' name of a price per million tokens -> models.dev's."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model's prices and since when they hold; None where genai-prices does not say."""

    tiers: tuple[Tier, ...]
    since: date | None


class PriceBook:
    """All of genai-prices, as of one day."""

    def __init__(self, literal: ast.List, day: date) -> None:
        self._day = day
        self._providers = {body["id"]: body["models"] for body in map(_plain, literal.elts)}

    def find(self, provider: str, model: str) -> Listed | None:
        """Return what `provider` (an id of genai-prices) asks for `model`; None where that is not clear.

        The first entry whose rule matches counts, as in genai-prices itself. An entry whose price
        depends on the time of day is not clear.
        """
        for entry in self._providers.get(provider, ()):
            if _matches(entry["match"], model.lower()):
                return self._in_force(entry.get("prices"))
        return None

    def _in_force(self, prices: Any) -> Listed | None:
        if isinstance(prices, Mapping):
            return Listed(_tiers(prices), None)
        rows = prices or []
        if any((row.get("constraint") or {}).get("_") == "TimeOfDateConstraint" for row in rows):
            return None
        for row in reversed(rows):
            since = (row.get("constraint") or {}).get("start_date")
            if since is None or since <= self._day:
                return Listed(_tiers(row["prices"]), since)
        return None


def _plain(node: ast.expr) -> Any:
    """Turn the package's constructor calls into dicts with the class's name under `_`; nothing is run."""
    if isinstance(node, ast.List):
        return [_plain(element) for element in node.elts]
    if not isinstance(node, ast.Call):
        return ast.literal_eval(node)
    match node.func:
        case ast.Name(id="Decimal"):
            return Decimal(ast.literal_eval(node.args[0]))
        case ast.Attribute(attr="date"):
            return date(*(ast.literal_eval(argument) for argument in node.args))
        case ast.Name(id=name):
            return {"_": name} | {k.arg: _plain(k.value) for k in node.keywords if k.arg not in _UNREAD}
        case _:
            return None  # times of day and zones, which nothing here reads


_UNREAD = frozenset({"extractors", "price_variants", "model_match", "provider_match"})


def _matches(rule: Mapping[str, Any], text: str) -> bool:
    found: bool
    match rule["_"]:
        case "ClauseEquals":
            found = text == rule["equals"].lower()
        case "ClauseStartsWith":
            found = text.startswith(rule["starts_with"].lower())
        case "ClauseEndsWith":
            found = text.endswith(rule["ends_with"].lower())
        case "ClauseContains":
            found = str(rule["contains"]).lower() in text
        case "ClauseRegex":
            found = re.search(rule["regex"], text) is not None
        case "ClauseOr":
            found = any(_matches(part, text) for part in rule["or_"])
        case "ClauseAnd":
            found = all(_matches(part, text) for part in rule["and_"])
        case other:
            raise SystemExit(f"genai-prices has a rule of a new kind: {other}")
    return found


def _tiers(prices: Mapping[str, Any]) -> tuple[Tier, ...]:
    base: dict[str, Decimal] = {}
    above: dict[int, dict[str, Decimal]] = {}
    for field, name in FIELDS.items():
        price = prices.get(field)
        if isinstance(price, Decimal):
            base[name] = price
        elif price is not None:
            base[name] = price["base"]
            for tier in price["tiers"]:
                above.setdefault(tier["start"], {})[name] = tier["price"]
    return Tier(0, base), *(Tier(start, above[start]) for start in sorted(above))
