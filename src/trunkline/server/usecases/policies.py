"""Callers let in with the policy that holds for them, and whom private models know them as (spec 5.10 to 5.12)."""

from __future__ import annotations

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.catalog.traits import Viewer
from trunkline.server.domain.policy.admission import admit, policy_of, sees_filtered_catalogue
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.policy.visibility import cache_key
from trunkline.server.errors import Forbidden, NotFound


def admitted(caller: Caller, region: str | None = None, credentials: frozenset[str] | None = None) -> Policy:
    """Return what a caller may see and call on the host of a region (None: the global one).

    `credentials` are the providers that can be called, None where none is configured. Raises
    `Forbidden` when the caller may not use that host or its workspace is gone, `NotFound` when its account is.
    """
    policy = policy_of(caller, region, credentials)
    admit(caller, policy)
    return policy


def viewer(caller: Caller | None) -> Viewer | None:
    """Return the ids by which private models and endpoints know a caller, None for the public (spec 5.12)."""
    return None if caller is None or caller.account is None else policy_of(caller).viewer


def shared(
    catalogue: Snapshot, caller: Caller, region: str | None = None, credentials: frozenset[str] | None = None
) -> tuple[str, bool, bool] | None:
    """Return what is equal for two callers only where every catalogue answer is, None for one who shares none.

    That is the fingerprint of the policy, whether the key manages, and whether `/models` is narrowed for it
    (spec 1.3). A caller whom the host refuses shares nothing: else it would be let in by another's answer.
    """
    policy = policy_of(caller, region, credentials)
    try:
        admit(caller, policy)
    except (Forbidden, NotFound):
        return None
    return cache_key(catalogue, policy), caller.key.is_management, sees_filtered_catalogue(caller)
