"""Endpoints: a source's statement of one provider's offer, completed to what the API shows (spec 2.7, 5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trunkline.server.domain.catalog import pricing
from trunkline.server.domain.catalog.index import Offer
from trunkline.server.domain.catalog.traits import Private, Traits, Zdr, private_to

Json = Mapping[str, Any]

_RETENTION = frozenset({"retains", "retention_days", "zdr"})
_WITHOUT_TRAINING = frozenset({"safety", "strict"})


JUDGED = frozenset(
    {
        "tools", "tool_choice", "parallel_tool_calls", "structured_outputs", "response_format",
        "reasoning", "reasoning_effort", "include_reasoning", "temperature",
    }
)  # fmt: skip
"""The parameters of which a proven list speaks: its source has a mark of its own for each."""


UNSTATED = "unstated"
"""The note `parameters` of an endpoint whose owner has not said what it takes, and may be asked for anything."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as endpoints need it: its slug, display name, and what it says of data and regions."""

    slug: str
    name: str
    data_policy: Json
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of one model: the API's object and what policy must know of it."""

    key: str
    wire: dict[str, Any]
    provider: str
    data_policy: Json
    regions: tuple[str, ...]
    notes: Json
    traits: Traits

    @property
    def zdr(self) -> bool:
        """Whether nothing is retained and nothing trained on; unknown counts as both (spec 5.1)."""
        return self.traits.zdr is Zdr.STRICT

    def serves(self, model_id: str) -> bool:
        """Tell whether the endpoint is this model's own, and not seen through a `~author/family-latest` row."""
        return self.key.split(" ", 1)[0] == model_id

    def refuses(self, *words: str) -> bool:
        """Tell whether the endpoint is known not to take a parameter, under any of its names.

        It is where the source lists what the endpoint takes and names none of them. A list that was only
        pieced together from what a source happens to say (note `parameters: proven`) is silent on all others.
        """
        listed = self.wire.get("supported_parameters") or ()
        if not listed or any(word in listed for word in words):
            return False
        return self.notes.get("parameters") != "proven" or any(word in JUDGED for word in words)

    @property
    def offer(self) -> Offer:
        """The endpoint as searches see it."""
        return Offer(self.wire["provider_name"], self.traits)


def provider_slug(wire: Json, notes: Json, by_name: Mapping[str, Provider]) -> str:
    """Return the slug of the provider behind an endpoint: the first part of its tag, else by display name."""
    if tag := wire.get("tag"):
        return str(tag).split("/", 1)[0]
    name = str(notes.get("provider") or wire.get("provider_name", ""))
    return by_name[name.lower()].slug if name.lower() in by_name else name.lower().replace(" ", "-")


def complete(model: Json, key: str, wire: Json, notes: Json, provider: Provider, private: Private = ()) -> Endpoint:
    """Return an endpoint with every field the API requires; what its source states is kept as it is.

    `model` is the completed row of the model that the endpoint serves, `private` says to whom it is private.
    """
    ordinal = key.rsplit(" ", 1)[-1]
    tag = wire.get("tag") or provider.slug
    parameters = wire.get("supported_parameters", model["supported_parameters"])
    choice = "tool_choice" in parameters
    provider_name = wire.get("provider_name") or provider.name
    derived: dict[str, Any] = {
        "name": f"{provider_name} | {model['id']} | {tag}" + (f" #{int(ordinal) + 1}" if ordinal != "0" else ""),
        "model_id": model["canonical_slug"],
        "model_name": model["name"],
        "context_length": model["context_length"] or 0,
        "pricing": {"prompt": pricing.UNKNOWN, "completion": pricing.UNKNOWN},
        "provider_name": provider_name,
        "tag": tag,
        "quantization": "unknown",
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "supported_parameters": parameters,
        "status": 0,
        "uptime_last_5m": None,
        "uptime_last_30m": None,
        "uptime_last_1d": None,
        "supports_implicit_caching": False,
        "latency_last_30m": None,
        "throughput_last_30m": None,
        "native_tools": {},
        "service_tier": None,
        "supports_diarization": False,
        "supports_tool_choice": {"auto": choice, "none": choice, "required": choice, "function": choice},
    }
    completed = {**derived, **wire}
    policy = _policy(provider.data_policy, notes.get("data_policy") or {})
    regions = provider.regions if notes.get("regions") is None else tuple(notes["regions"])
    return Endpoint(
        key=key,
        wire=completed,
        provider=provider.slug,
        data_policy=policy,
        regions=regions,
        notes=notes,
        traits=Traits.of(
            model["id"], provider.slug, completed, policy, frozenset(regions), (*private, *private_to(notes))
        ),
    )


def _policy(provider: Json, own: Json) -> Json:
    # Retention is said in several members: who states one of them states retention as a whole.
    if not _RETENTION.isdisjoint(own):
        provider = {key: value for key, value in provider.items() if key not in _RETENTION}
    if own.get("zdr") in _WITHOUT_TRAINING:
        provider = {key: value for key, value in provider.items() if key != "training"}
    return {**provider, **own}


def top(endpoints: Sequence[tuple[Json, Json]]) -> Json | None:
    """Return the wire of the top provider's endpoint: the cheapest healthy one, priced ones first (spec 6)."""

    def rank(wire: Json) -> tuple[bool, bool, Decimal]:
        price = wire.get("pricing") or {}
        prompt, completion = pricing.amount(price.get("prompt")), pricing.amount(price.get("completion"))
        known = prompt is not None and completion is not None
        return (wire.get("status", 0) < 0, not known, (prompt or Decimal(0)) + (completion or Decimal(0)))

    return min((wire for wire, _ in endpoints), key=rank, default=None)
