"""Makes the aliases: two kinds by rule, the others from the reviewed list (see `aliases.yaml`)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from trunkline.server.adapters.feeds.models_dev.convert import Converted
from trunkline.server.adapters.feeds.models_dev.organisations import FIRST_PARTY

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def collect(converted: Converted, reviewed: Mapping[str, str]) -> dict[str, str]:
    """Return alias -> model id. Raises `SystemExit` for a reviewed alias that cannot be."""
    models = converted.models
    claims: dict[str, set[str]] = defaultdict(set)
    for alias, model in (*_dashed(converted), *_makers_own(converted)):
        if alias not in models:
            claims[alias].add(model)
    made = {alias: next(iter(claimed)) for alias, claimed in claims.items() if len(claimed) == 1}
    for alias, model in reviewed.items():
        if alias in models or model not in models:
            raise SystemExit(f"aliases.yaml: {alias} -> {model}: the alias is a model, or the target is not")
    return dict(sorted((made | dict(reviewed)).items()))


def _dashed(converted: Converted) -> Iterator[tuple[str, str]]:
    for model in converted.models:
        author, _, name = model.partition("/")
        if "." in name and ":" not in name and not model.startswith("~"):
            yield f"{author}/{name.replace('.', '-')}", model


def _makers_own(converted: Converted) -> Iterator[tuple[str, str]]:
    for model, offers in converted.offers.by_model.items():
        author = model.partition("/")[0]
        for offer in offers:
            name = offer.row.id.lower()
            if FIRST_PARTY.get(offer.row.provider) == author and _NAME.fullmatch(name):
                yield f"{author}/{name}", model
