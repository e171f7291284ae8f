"""The policy of a caller: the layers that govern its key, on the host that it asks (spec 5.2, 5.10, 5.11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trunkline.server.domain.catalog.traits import Viewer
from trunkline.server.domain.policy.account import Account
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.layers import HOST_WORDS, Layer, LayerName, Policy
from trunkline.server.errors import Forbidden, NotFound

_GUARDRAILS: Final = (
    (LayerName.WORKSPACE, "default_guardrail"),
    (LayerName.MEMBER, "member_guardrail"),
    (LayerName.KEY, "key_guardrail"),
)


def policy_of(caller: Caller, region: str | None = None, credentials: frozenset[str] | None = None) -> Policy:
    """Return what a caller may see on the host of a region (None: the global one), whether or not it may use that host.

    `credentials` are the providers that can be called, None where none is configured. Raises
    `NotFound` when the key's account is gone.
    """
    account = account_of(caller)
    return Policy(
        _layers(caller, account),
        region=region,
        account_id=account.id,
        user_id=caller.key.creator_user_id,
        credentials=credentials,
    )


def admitted(caller: Caller, region: str | None = None, credentials: frozenset[str] | None = None) -> Policy:
    """Return `policy_of` a caller that may use the host it asks.

    Raises `Forbidden` for a region that the account is not entitled to or that its layers exclude, and
    for an inference key whose workspace is gone; `NotFound` when the account is gone.
    """
    if caller.workspace is None and not caller.key.is_management:
        raise Forbidden("The workspace of this API key no longer exists")
    policy = policy_of(caller, region, credentials)
    entitled = account_of(caller).regions
    if region is not None and entitled is not None and region not in entitled:
        raise Forbidden(f"This account is not enabled for the region {region}")
    regions = policy.effect.data_regions
    if regions is not None and HOST_WORDS.get(region) not in regions:
        raise Forbidden(f"The data regions of this API key do not include {HOST_WORDS.get(region, region)}")
    return policy


def viewer(caller: Caller | None) -> Viewer | None:
    """Return the ids by which private models and endpoints know a caller, None for the public (spec 5.12)."""
    if caller is None or caller.account is None:
        return None
    return frozenset(owner for owner in (caller.account.id, caller.key.creator_user_id) if owner is not None)


def account_of(caller: Caller) -> Account:
    """Return the account of a caller's key. Raises `NotFound` when it is gone (spec 1.4)."""
    if caller.account is None:
        raise NotFound
    return caller.account


def _layers(caller: Caller, account: Account) -> Iterator[Layer]:
    yield Layer(LayerName.ACCOUNT, account.id, account.restrictions)
    for name, attribute in _GUARDRAILS:
        guardrail = getattr(caller, attribute)
        if guardrail is not None:
            yield Layer(name, guardrail.id, guardrail)
