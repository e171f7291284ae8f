"""Turns models.dev rows of the providers that host a model into endpoints of the API.

Where one provider has several rows for one model, at most one of each region stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.server.adapters.feeds.models_dev.matching import Index, Match, Outcome
from trunkline.server.adapters.feeds.models_dev.models import completion_limit, supported_parameters
from trunkline.server.adapters.feeds.models_dev.organisations import FIRST_PARTY
from trunkline.server.adapters.feeds.models_dev.pricing import price_object
from trunkline.server.adapters.feeds.models_dev.rows import Row

REGIONS = {"eu": ["eu"], "us": ["us"]}
"""Region in a provider's own id -> the regions of our policy that such an endpoint stays in."""

ROUTED_ANYWHERE = frozenset({None, "global"})
"""Regions in an id that promise nothing: the endpoint is the provider's plain one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider's row for one of our models."""

    provider: str
    """Our slug."""
    row: Row
    match: Match

    @property
    def tag(self) -> str:
        """The endpoint's tag: the slug, behind it the region where the id names one."""
        region = self.match.region
        return self.provider if region in ROUTED_ANYWHERE else f"{self.provider}/{region}"


@dataclass(slots=True)
class Offers:
    """Every offer by model, and the rows that were left out with the reason."""

    by_model: dict[str, list[Offer]]
    left_out: list[tuple[Row, str]]


def collect(rows: Iterable[Row], hosts: Mapping[str, str], index: Index) -> Offers:
    """Return the offers among `rows`; `hosts` maps models.dev's provider ids to our slugs."""
    offers = Offers({}, [])
    for row in rows:
        if row.provider not in hosts:
            continue
        match = index.find(row.provider, row.id)
        if match.model is None:
            offers.left_out.append((row, "ambiguous" if match.outcome is Outcome.AMBIGUOUS else "no model"))
        elif row.status == "deprecated" and not match.model.startswith(f"{FIRST_PARTY.get(row.provider)}/"):
            # A maker goes on serving what it has announced to end; others mostly have ended it already.
            offers.left_out.append((row, "deprecated"))
        else:
            offers.by_model.setdefault(match.model, []).append(Offer(hosts[row.provider], row, match))
    for model, found in offers.by_model.items():
        offers.by_model[model] = list(_one_per_tag(found, offers.left_out))
    offers.by_model = {model: found for model, found in offers.by_model.items() if found}
    return offers


def endpoint_wire(offer: Offer, *, free: bool = False, outputs: tuple[str, ...] = ("text",)) -> dict[str, Any]:
    """Return the PublicEndpoint fields that the offer's row states, with our notes."""
    row = offer.row
    wire: dict[str, Any] = {
        "provider": offer.provider,
        "tag": offer.tag,
        "context_length": row.context,
        "max_completion_tokens": None if outputs == ("embeddings",) else completion_limit(row),
        "pricing": price_object(row.tiers, free=free, outputs=outputs),
        "quantization": offer.match.quantization,
        "supported_parameters": [] if outputs == ("embeddings",) else supported_parameters(row),
        "upstream_model": row.id,
        "parameters": "proven",
    }
    if row.price_source:
        wire["price_source"] = row.price_source
    if offer.match.region in REGIONS:
        wire["regions"] = REGIONS[offer.match.region]
    return wire


def _one_per_tag(found: list[Offer], left_out: list[tuple[Row, str]]) -> Iterator[Offer]:
    """Keep one offer of each tag: the one whose id says the model's name most plainly.

    Where equally plain ids have different prices, none is known to be right and all go.
    """
    by_tag: dict[str, list[Offer]] = {}
    for offer in found:
        by_tag.setdefault(offer.tag, []).append(offer)
    for tag in sorted(by_tag):
        rivals = sorted(by_tag[tag], key=_plainness)
        best = [offer for offer in rivals if _plainness(offer)[:-2] == _plainness(rivals[0])[:-2]]
        if len({tuple(sorted(offer.row.base.items())) for offer in best}) > 1:
            left_out.extend((offer.row, "two prices") for offer in rivals)
            continue
        left_out.extend((offer.row, "said twice") for offer in rivals[1:])
        yield rivals[0]


def _plainness(offer: Offer) -> tuple[bool, int, bool, int, str]:
    order = (Outcome.CURATED, Outcome.EXACT, Outcome.DATED, Outcome.INSTRUCT)
    match = offer.match
    return (
        match.region is None,  # a `global.` id before a bare one: that is what newer models are called by
        order.index(match.outcome),
        match.quantization != "unknown",
        len(offer.row.id),
        offer.row.id,
    )
