"""Restrictions as bodies state them, made what layers keep: canonical items, the old ZDR switch spread (1.7, 5.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.server.domain.policy.merge import spread_zdr
from trunkline.server.usecases.account_ports import Catalogued


def stated(fields: Mapping[str, Any], catalogued: Catalogued, *, account: bool = False) -> dict[str, Any]:
    """Return the stated fields of `Restrictions`, null for removed ones.

    `enforce_zdr` goes to every group that the same request leaves out; an `account` may ignore routers too.
    Raises `BadRequest` with an issue for every model and provider that the catalogue does not have.
    """
    changes = spread_zdr(fields)
    for name in ("allowed_models", "ignored_models"):
        if changes.get(name) is not None:
            changes[name] = catalogued.models(changes[name], name, routers=account and name == "ignored_models")
    for name in ("allowed_providers", "ignored_providers"):
        if changes.get(name) is not None:
            changes[name] = catalogued.providers(changes[name], name)
    if changes.get("allowed_data_regions") is not None:
        changes["allowed_data_regions"] = tuple(dict.fromkeys(changes["allowed_data_regions"]))
    return changes
