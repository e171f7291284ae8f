"""Why a key does not see a model, and what a guardrail would leave of the catalogue before it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.domain.policy.layers import Layer, Policy
from trunkline.server.domain.policy.predicate import CATALOGUE, HOST, Failure, failures
from trunkline.server.domain.policy.remedy import HOSTS, Change, smallest_change
from trunkline.server.domain.policy.visibility import visible

NOT_LISTED: Final = "no_endpoints"
NO_CANDIDATE: Final = "no_candidates"


@dataclass(frozen=True, slots=True)
class Judged:
    """One endpoint: every setting that keeps it out, the deciding one first, and the smallest change that would not.

    `change` is empty when the endpoint passes, None when no setting lets it pass.
    """

    endpoint: Endpoint
    failures: tuple[Failure, ...]
    change: tuple[Change, ...] | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a policy makes of a row, endpoint by endpoint.

    `failures` are those of a row that has no endpoints to judge: a router, or one that nobody hosts.
    """

    row: Row
    listed: bool
    endpoints: tuple[Judged, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def change(self) -> tuple[Change, ...] | None:
        """The smallest change that lets any endpoint pass; empty when the row is listed, None when there is none."""
        if self.listed:
            return ()
        ways = [judged.change for judged in self.endpoints if judged.change is not None]
        return min(ways, key=len, default=None)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of what a policy shows: models and endpoints, and the ids of models that would be gone or come."""

    models: int
    of_models: int
    endpoints: int
    of_endpoints: int
    lost: tuple[str, ...]
    gained: tuple[str, ...]

    def __str__(self) -> str:
        return f"leaves {self.models} of {self.of_models} models"


def explain(snapshot: Snapshot, row: Row, policy: Policy, hosts: Iterable[str | None] = HOSTS) -> Explanation:
    """Explain what a policy makes of a row that its viewer may know of (`snapshot.find` with the policy's viewer).

    `hosts` are the regions of the hosts that the account may use. Endpoints private to others are left out.
    """
    listed = bool(visible(snapshot, policy).rows[snapshot.positions[row.id]])
    usable = tuple(hosts)
    judged = tuple(
        Judged(endpoint, failures(endpoint, row, policy), smallest_change(endpoint, row, policy, usable))
        for endpoint in row.endpoints
        if endpoint.traits.permits(policy.viewer)
    )
    return Explanation(row, listed, judged, () if listed or judged else _of_row(row, policy))


def preview(snapshot: Snapshot, draft: Layer, policies: Iterable[Policy]) -> list[Remaining]:
    """Return what a guardrail that is not saved yet would leave to each of some policies.

    It takes the place of what the policy has in that layer. Rows are counted as lists show them,
    endpoints once for the model that they serve.
    """
    known: dict[str, Remaining] = {}
    found = []
    for policy in policies:
        then = with_layer(policy, draft)
        both = f"{policy.fingerprint} {then.fingerprint}"
        if both not in known:
            known[both] = _compare(snapshot, visible(snapshot, policy), visible(snapshot, then))
        found.append(known[both])
    return found


def with_layer(policy: Policy, layer: Layer) -> Policy:
    """Return the policy with a layer in place of the one of that name, if it has one."""
    return policy.replaced([*(other for other in policy.layers if other.name is not layer.name), layer])


def _of_row(row: Row, policy: Policy) -> tuple[Failure, ...]:
    if not row.standing.router:
        return (Failure(NOT_LISTED, CATALOGUE, None, "endpoints", 0),)
    if policy.region is not None:
        return (Failure("region", HOST, None, "region", policy.region),)
    ignoring = tuple(
        Failure("ignored_models", layer.name, layer.owner, "ignored_models", layer.restrictions.ignored_models)
        for layer in policy.layers
        if row.standing.permaslug in {item.lower() for item in layer.restrictions.ignored_models or ()}
    )
    return ignoring or (Failure(NO_CANDIDATE, CATALOGUE, None, "endpoints", 0),)


def _compare(snapshot: Snapshot, now: Allowed, then: Allowed) -> Remaining:
    own = snapshot.index.models.concrete[snapshot.index.offers.row]
    rows = snapshot.rows
    return Remaining(
        models=int(then.rows.sum()),
        of_models=int(now.rows.sum()),
        endpoints=int((then.lines & own).sum()),
        of_endpoints=int((now.lines & own).sum()),
        lost=tuple(rows[position].id for position in np.flatnonzero(now.rows & ~then.rows).tolist()),
        gained=tuple(rows[position].id for position in np.flatnonzero(then.rows & ~now.rows).tolist()),
    )
