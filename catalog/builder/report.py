"""Renders what the build decided, for the people who review a new catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

from builder.assemble import Built
from trunkline.server.adapters.feeds.models_dev.endpoints import Offer

SUSPICIOUS = 5
"""From this ratio on to OpenRouter's own row, an endpoint's price is listed for review."""


def summary(built: Built) -> str:
    """Return one line of counts."""
    document = built.document
    text = [m for m in document["models"].values() if "text" in m["architecture"]["output_modalities"]]
    endpoints = sum(map(len, document["endpoints"].values()))
    models, hosted, providers, aliases = (len(document[k]) for k in ("models", "endpoints", "providers", "aliases"))
    return (
        f"{models} models ({len(text)} with text output), {endpoints} endpoints of {hosted} models, "
        f"{providers} providers, {aliases} aliases"
    )


def render(built: Built) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(built)) + "\n"


def _lines(built: Built) -> Iterator[str]:
    document, offers = built.document, built.converted.offers
    yield "# What `make catalog` decided"
    yield ""
    yield f"{summary(built)}. Sources: {document['source']}. This file is generated; see `models.yaml` for the reasons."
    yield ""
    outcomes = Counter(o.match.outcome.value for found in offers.by_model.values() for o in found)
    yield "## Rows of hosting providers"
    yield ""
    for word, count in (*sorted(outcomes.items()), *sorted(Counter(reason for _, reason in offers.left_out).items())):
        yield f"- {word}: {count}"
    for reason in ("ambiguous", "two prices"):
        yield f"- {reason}: " + (
            ", ".join(f"`{r.provider}/{r.id}`" for r, why in offers.left_out if why == reason) or "none"
        )
    repriced = len(built.converted.repriced)
    yield f"- models priced by their cheapest endpoint, as none asks OpenRouter's own price: {repriced}"
    first = sum("created_source" in m for m in document["models"].values())
    yield f"- models whose release date no source states: {first}"
    yield ""
    yield "## Models without an endpoint"
    yield ""
    lonely = [m for m in document["models"] if m not in document["endpoints"] and not m.startswith("~")]
    yield ", ".join(f"`{m}`" for m in lonely)
    yield ""
    yield f"## Endpoints whose price is {SUSPICIOUS} times OpenRouter's row or more, or a {SUSPICIOUS}th or less"
    yield ""
    yield "| model | provider | its row | USD per million, prompt / completion | OpenRouter's |"
    yield "| --- | --- | --- | --- | --- |"
    for model, found in sorted(offers.by_model.items()):
        for offer in found:
            if _suspicious(built, model, offer):
                theirs = _prices(built.catalogue[model].base)
                yield f"| `{model}` | {offer.tag} | `{offer.row.id}` | {_prices(offer.row.base)} | {theirs} |"
    yield ""
    yield "## Where genai-prices disagrees with models.dev"
    yield ""
    yield "| provider | row | models.dev | genai-prices | in force since | taken |"
    yield "| --- | --- | --- | --- | --- | --- |"
    used = {(o.row.provider, o.row.id) for found in offers.by_model.values() for o in found}
    for row, listed, taken in built.settled.conflicts:
        if (row.provider, row.id) in used:
            mine, theirs = _prices(row.base), _prices(listed.tiers[0].prices)
            since, yes = listed.since or "", "yes" if taken else ""
            yield f"| {row.provider} | `{row.id}` | {mine} | {theirs} | {since} | {yes} |"


def _suspicious(built: Built, model: str, offer: Offer) -> bool:
    base = built.catalogue[model].base if model in built.catalogue else {}
    for name in ("input", "output"):
        mine, theirs = offer.row.base.get(name), base.get(name)
        if mine and theirs and not Decimal(1) / SUSPICIOUS < mine / theirs < SUSPICIOUS:
            return True
    return False


def _prices(prices: Mapping[str, Decimal]) -> str:
    return " / ".join(f"{p:f}" if (p := prices.get(name)) is not None else "?" for name in ("input", "output"))
