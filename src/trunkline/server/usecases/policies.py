"""Callers let in with the policy that holds for them, and whom private models know them as (spec 5.10 to 5.12)."""

from __future__ import annotations

from trunkline.server.domain.catalog.traits import Viewer
from trunkline.server.domain.policy.admission import admit, policy_of
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.layers import Policy


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
