"""The layers of restrictions that hold for one key, compiled into what the rules ask (spec 5.2 to 5.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import msgspec

from trunkline.server.domain.catalog.traits import OTHER_GROUP, Viewer
from trunkline.server.domain.policy.restrictions import NOTHING, Restrictions

ENFORCES_ZDR: Final = {
    "anthropic": "enforce_zdr_anthropic",
    "openai": "enforce_zdr_openai",
    "google": "enforce_zdr_google",
    "xai": "enforce_zdr_xai",
    OTHER_GROUP: "enforce_zdr_other",
}
"""The setting that asks for zero data retention, for each group of models."""
ALLOWS_SAFETY: Final = {"google": "allow_safety_retention_google", OTHER_GROUP: "allow_safety_retention_other"}
"""The setting by which retention for safety counts as none, for the groups where it can."""
PERMISSIONS: Final = ("enable_paid_model_training", "enable_free_model_training", "enable_free_model_publication")
"""Permissions that the account has to give and no guardrail may take back."""
HOST_WORDS: Final = {None: "global", "eu": "europe", "us": "us"}
"""The region of a host as `allowed_data_regions` names it (spec 5.11)."""


class LayerName(StrEnum):
    """Where a restriction comes from, as people know it."""

    ACCOUNT = "account"
    WORKSPACE = "workspace default guardrail"
    MEMBER = "member guardrail"
    KEY = "key guardrail"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: `owner` is the id of the account or guardrail whose restrictions these are."""

    name: LayerName
    owner: str
    restrictions: Restrictions


@dataclass(frozen=True, slots=True)
class ProviderItems:
    """Provider items of one list or more. `tiers`: whether a bare slug also means the provider's service tiers."""

    items: frozenset[str]
    tiers: bool = True

    def match(self, provider: str, tag: str, tier: str | None) -> bool:
        """Tell whether an item names the provider, or exactly the tag (spec 5.4)."""
        if tag in self.items and (tag != provider or tier is None):
            return True
        return provider in self.items and (self.tiers or tier is None)

    @classmethod
    def of(cls, layer: Layer, items: Iterable[str]) -> ProviderItems:
        """Return a layer's items; a request has to name service tiers itself."""
        return cls(frozenset(item.lower() for item in items), tiers=layer.name is not LayerName.REQUEST)


@dataclass(frozen=True, slots=True)
class Effect:
    """All layers merged: two policies of equal effect let the same endpoints pass."""

    allowed_models: frozenset[str] | None
    ignored_models: frozenset[str]
    allowed_providers: frozenset[ProviderItems]
    ignored_providers: frozenset[ProviderItems]
    zdr_groups: frozenset[str]
    safety_groups: frozenset[str]
    permissions: frozenset[str]
    data_regions: frozenset[str] | None
    region: str | None
    viewer: Viewer
    credentials: frozenset[str] | None


class Policy:
    """What one key may see and call.

    `layers` in any order; an account that states nothing is a layer too. `region` is that of the host
    asked (None: global). `account_id` and `user_id` say whose private models are there. `credentials`
    are the slugs of providers that can be called, None where none is configured and the rule is off.
    """

    def __init__(
        self,
        layers: Iterable[Layer] = (),
        *,
        region: str | None = None,
        account_id: str | None = None,
        user_id: str | None = None,
        credentials: frozenset[str] | None = None,
    ) -> None:
        given = tuple(layers)
        if not any(layer.name is LayerName.ACCOUNT for layer in given):
            given = (Layer(LayerName.ACCOUNT, account_id or "", NOTHING), *given)
        self.layers = given
        self.region = region
        self.account_id = account_id
        self.user_id = user_id
        self.credentials = credentials
        self.effect = _merge(self)

    @property
    def viewer(self) -> Viewer:
        """The ids that private models and endpoints may name."""
        return self.effect.viewer

    @cached_property
    def fingerprint(self) -> str:
        """What is equal for two policies exactly when their effects are; 32 hexadecimal characters.

        Answers that show settings or layers themselves must not be kept by it: different layers can
        have one effect.
        """
        return fingerprint(self.effect)

    def replaced(self, layers: Iterable[Layer] | None = None, **changes: Any) -> Policy:
        """Return the policy with other layers, region or credentials."""
        stated: Mapping[str, Any] = {
            "region": self.region,
            "account_id": self.account_id,
            "user_id": self.user_id,
            "credentials": self.credentials,
        }
        return Policy(self.layers if layers is None else layers, **{**stated, **changes})


def fingerprint(effect: Effect) -> str:
    """Return 32 hexadecimal characters that are equal for equal effects only."""
    parts = [_in_order(getattr(effect, field.name)) for field in fields(effect)]
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def _in_order(part: Any) -> Any:
    if isinstance(part, frozenset):
        return sorted(map(_in_order, part))
    return [part.tiers, sorted(part.items)] if isinstance(part, ProviderItems) else part


def _merge(policy: Policy) -> Effect:
    allowed_models: list[frozenset[str]] = []
    regions: list[frozenset[str]] = []
    ignored_models: set[str] = set()
    allowed_providers: set[ProviderItems] = set()
    ignored_providers: set[ProviderItems] = set()
    zdr: set[str] = set()
    safety = set(ALLOWS_SAFETY)
    permissions = set(PERMISSIONS)
    for layer in policy.layers:
        stated = layer.restrictions
        if stated.allowed_models is not None:
            allowed_models.append(frozenset(item.lower() for item in stated.allowed_models))
        if stated.ignored_models is not None:
            ignored_models.update(item.lower() for item in stated.ignored_models)
        if stated.allowed_providers is not None:
            allowed_providers.add(ProviderItems.of(layer, stated.allowed_providers))
        if stated.ignored_providers:
            ignored_providers.add(ProviderItems.of(layer, stated.ignored_providers))
        if stated.allowed_data_regions is not None:
            regions.append(frozenset(stated.allowed_data_regions))
        zdr.update(group for group, setting in ENFORCES_ZDR.items() if getattr(stated, setting))
        safety.difference_update(
            [group for group, setting in ALLOWS_SAFETY.items() if getattr(stated, setting) is False]
        )
        permissions.difference_update([setting for setting in PERMISSIONS if withholds(layer, setting)])
    return Effect(
        allowed_models=frozenset.intersection(*allowed_models) if allowed_models else None,
        ignored_models=frozenset(ignored_models),
        allowed_providers=frozenset(allowed_providers),
        ignored_providers=_united(ignored_providers),
        zdr_groups=frozenset(zdr),
        safety_groups=frozenset(safety),
        permissions=frozenset(permissions),
        data_regions=frozenset.intersection(*regions) if regions else None,
        region=policy.region,
        viewer=frozenset(owner for owner in (policy.account_id, policy.user_id) if owner is not None),
        credentials=policy.credentials,
    )


def withholds(layer: Layer, permission: str) -> bool:
    """Tell whether a layer withholds a permission: the account unless it gives it, a guardrail by false (spec 5.4)."""
    stated = getattr(layer.restrictions, permission)
    return stated is not True if layer.name is LayerName.ACCOUNT else stated is False


def _united(lists: set[ProviderItems]) -> frozenset[ProviderItems]:
    united: dict[bool, set[str]] = {}
    for one in lists:
        united.setdefault(one.tiers, set()).update(one.items)
    return frozenset(ProviderItems(frozenset(items), tiers) for tiers, items in united.items())
