"""Which policy holds for a caller, and whether the host may answer it at all (spec 1.3, 1.4, 5.2, 5.11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.layers import HOST_WORDS, Layer, LayerName, Policy
from trunkline.server.errors import Forbidden, NotFound

NO_WORKSPACE: Final = "The workspace of this key no longer exists"
NOT_ENTITLED: Final = "This account may not use the {region} host"
OTHER_REGION: Final = "This key may only be used through hosts of: {regions}"
NO_REGION: Final = "The guardrails of this key leave no host through which it may be used"


def policy_of(caller: Caller, region: str | None = None, credentials: frozenset[str] | None = None) -> Policy:
    """Return what holds for a caller at the host of a region.

    A management key is above workspaces: the account's own restrictions alone (spec 1.4). `credentials`
    are the providers that can be called, None for a server that has none and only lists; those that the caller
    brings a credential for can be called too.
    """
    account = caller.account
    layers = [] if account is None else [Layer(LayerName.ACCOUNT, account.id, account.restrictions)]
    guardrails = (
        (LayerName.WORKSPACE, caller.default_guardrail),
        (LayerName.MEMBER, caller.member_guardrail),
        (LayerName.KEY, caller.key_guardrail),
    )
    if not caller.key.is_management:
        layers += [Layer(name, guardrail.id, guardrail) for name, guardrail in guardrails if guardrail is not None]
    if caller.byok:
        credentials = (credentials or frozenset()).union(own.provider for own in caller.byok)
    return Policy(
        layers,
        region=region,
        account_id=caller.key.account_id,
        user_id=caller.key.creator_user_id,
        credentials=credentials,
    )


def admit(caller: Caller, policy: Policy) -> None:
    """Let a caller with a valid key to its own list, or to a call, through the host of the policy's region.

    Raises `NotFound` when its account is gone, `Forbidden` when its workspace is, when the account may
    not use a regional host, and when a guardrail asks for another host.
    """
    if caller.account is None:
        raise NotFound
    if caller.workspace is None and not caller.key.is_management:
        raise Forbidden(NO_WORKSPACE)
    if policy.region is not None and not is_entitled(caller.account.regions, policy.region):
        raise Forbidden(NOT_ENTITLED.format(region=policy.region))
    allowed = policy.effect.data_regions
    if allowed is not None and HOST_WORDS.get(policy.region) not in allowed:
        raise Forbidden(OTHER_REGION.format(regions=", ".join(sorted(allowed))) if allowed else NO_REGION)


def is_entitled(regions: Iterable[str] | None, region: str | None) -> bool:
    """Tell whether an account with these regional hosts (None: all) may use the host of a region (None: global)."""
    return region is None or regions is None or region in regions


def sees_filtered_catalogue(caller: Caller | None) -> bool:
    """Tell whether `/models` answers a caller as `/models/user` does: an inference key of an organisation that
    switched it on (spec 1.3).
    """
    return (
        caller is not None
        and not caller.key.is_management
        and caller.account is not None
        and caller.account.kind is AccountKind.ORGANIZATION
        and caller.account.is_filtered_model_catalog_enabled
    )
