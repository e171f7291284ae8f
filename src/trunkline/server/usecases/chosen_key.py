"""What one inference key of an account makes of the catalogue: its list, and for every other model why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from trunkline.server.domain.catalog.columns import Mask
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.domain.policy.admission import admit, is_entitled, policy_of
from trunkline.server.domain.policy.explain import NO_CANDIDATE, NOT_LISTED, explain
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.layers import HOST_WORDS, Policy
from trunkline.server.domain.policy.predicate import Failure
from trunkline.server.domain.policy.visibility import visible
from trunkline.server.errors import Forbidden, NotFound
from trunkline.server.usecases.account_ports import Accounts
from trunkline.server.usecases.ports import Clock

OFFERED: Final = 200
"""Keys that people choose among, the newest ones."""
REASONS: Final = {
    "private": "is private to others",
    "allowed_models": "is not among the models that {layer} allows",
    "ignored_models": "is a model that {layer} ignores",
    "allowed_providers": "is hosted by no provider that {layer} allows",
    "ignored_providers": "is hosted by providers that {layer} ignores",
    "training": "has hosts that may train on prompts, which {layer} does not permit",
    "publication": "has hosts that publish prompts, which {layer} does not permit",
    "zdr": "has no host without data retention, which {layer} asks for",
    "region": "does not run inside this host's region",
    "data_region": "may only be asked for through the hosts that {layer} names",
    "credential": "is hosted by no provider that this server has a key for",
    NOT_LISTED: "has no host at all",
    NO_CANDIDATE: "is a router without a model left to choose from",
}
"""Why a model is not a key's, by the rule that decides; `{layer}` is whose setting it is."""
ENDPOINT_REASONS: Final = {
    "allowed_providers": "not a provider that {layer} allows",
    "ignored_providers": "a provider that {layer} ignores",
    "training": "may train on prompts, which {layer} does not permit",
    "publication": "publishes prompts, which {layer} does not permit",
    "zdr": "keeps data, which {layer} rules out",
    "credential": "this server has no key for this provider",
}
"""The same of one endpoint."""
LAYERS: Final = {
    "account": "the account",
    "workspace default guardrail": "the workspace's default guardrail",
    "member guardrail": "the member's guardrail",
    "key guardrail": "the key's guardrail",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A key with what holds for it on one host; `refused` says why it would not be answered at all, "" where it is."""

    key: Key
    policy: Policy
    hosts: tuple[str | None, ...]
    refused: str


def choices(accounts: Accounts, account_id: str) -> list[Key]:
    """Return the inference keys of an account, newest first."""
    with accounts.read() as store:
        return store.keys.page(account_id, where={"is_management": False}, limit=OFFERED)


def choose(
    accounts: Accounts,
    account_id: str,
    key_hash: str,
    *,
    clock: Clock,
    region: str | None = None,
    credentials: frozenset[str] | None = None,
) -> Chosen:
    """Return what holds for an account's key on the host of a region (None: the global one).

    Raises `NotFound` for a key that is not the account's, and for a management key, which calls nothing.
    """
    caller = accounts.caller(key_hash)
    if caller is None or caller.account is None or caller.key.account_id != account_id or caller.key.is_management:
        raise NotFound("There is no such key")
    policy = policy_of(caller, region, credentials)
    refused = ""
    if not caller.counts(datetime.fromtimestamp(clock(), UTC)):
        refused = "This key is disabled or has expired"
    else:
        try:
            admit(caller, policy)
        except (Forbidden, NotFound) as error:
            refused = error.message
    hosts = tuple(host for host in HOST_WORDS if is_entitled(caller.account.regions, host))
    return Chosen(caller.key, policy, hosts, refused)


def mine(catalogue: Snapshot, chosen: Chosen) -> Allowed:
    """Return what the key's list shows, for `query.select`; nothing where the key would not be answered."""
    if chosen.refused:
        index = catalogue.index
        return Allowed(np.zeros(index.size, np.bool_), np.zeros(index.offers.row.size, np.bool_))
    return visible(catalogue, chosen.policy)


def reasons(catalogue: Snapshot, chosen: Chosen, listed: Mask, rows: Sequence[Row]) -> dict[str, str]:
    """Return for each of some rows that the key's list does not have why not, in one line, by the row's id."""
    if chosen.refused:
        return {row.id: chosen.refused for row in rows}
    return {row.id: _reason(catalogue, chosen, row) for row in rows if not listed[catalogue.positions[row.id]]}


def verdicts(catalogue: Snapshot, chosen: Chosen, row: Row) -> dict[str, str]:
    """Return for each endpoint of a row (by its key) why the key may not call it, "" where it may."""
    if chosen.refused:
        return {endpoint.key: chosen.refused for endpoint in row.endpoints}
    found = explain(catalogue, row, chosen.policy, chosen.hosts)
    return {
        judged.endpoint.key: _endpoint_said(judged.failures[0]) if judged.failures else "" for judged in found.endpoints
    }


def _endpoint_said(failure: Failure) -> str:
    said = ENDPOINT_REASONS.get(failure.rule, REASONS.get(failure.rule, failure.setting))
    text = said.format(layer=LAYERS.get(failure.layer, f"the {failure.layer}"))
    return text[0].upper() + text[1:]


def _reason(catalogue: Snapshot, chosen: Chosen, row: Row) -> str:
    found = explain(catalogue, row, chosen.policy, chosen.hosts)
    # The endpoint that lacks least tells most.
    nearest = min((judged.failures for judged in found.endpoints if judged.failures), key=len, default=found.failures)
    if not nearest:
        return "Not in this key's list"
    return f"{_said(nearest[0])}{f' (and {len(nearest) - 1} more)' if len(nearest) > 1 else ''}"


def _said(failure: Failure) -> str:
    said = REASONS.get(failure.rule, f"is kept out by {failure.setting} of {{layer}}")
    text = said.format(layer=LAYERS.get(failure.layer, f"the {failure.layer}"))
    return text[0].upper() + text[1:]
