"""The key that asks, with every budget over it (spec 1.7, 2.10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from trunkline.server.domain.policy.admission import is_entitled, policy_of
from trunkline.server.domain.policy.budget import KeyBudget, Spends, budgets_of
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.layers import HOST_WORDS
from trunkline.server.usecases.account_ports import Accounts
from trunkline.server.usecases.keys import KeyView
from trunkline.server.usecases.ports import Clock


@dataclass(frozen=True, slots=True)
class CurrentKey:
    """A caller's own key: `data_regions` are the words for the hosts that it may be used on."""

    view: KeyView
    budgets: list[KeyBudget]
    data_regions: tuple[str, ...]


def current(accounts: Accounts, caller: Caller, *, clock: Clock) -> CurrentKey:
    """Return a caller's own key with what it and those around it have spent. Never refused to a valid key."""
    key, now = caller.key, datetime.fromtimestamp(clock(), UTC)
    workspace = caller.workspace
    with accounts.read() as store:
        spends = Spends(
            key=store.ledger.by_key(key.account_id, [key.hash], now)[key.hash],
            member=None
            if key.creator_user_id is None
            else store.ledger.of(key.account_id, now, user_id=key.creator_user_id),
            workspace=None if workspace is None else store.ledger.of(key.account_id, now, workspace_id=workspace.id),
        )
        of_workspace = (
            [] if workspace is None else store.budgets.page(key.account_id, where={"workspace_id": workspace.id})
        )
    return CurrentKey(KeyView(key, spends.key), budgets_of(caller, spends, of_workspace, now), _regions(caller))


def _regions(caller: Caller) -> tuple[str, ...]:
    if caller.account is None:
        return ()
    permitted = policy_of(caller).effect.data_regions
    return tuple(
        word
        for region, word in HOST_WORDS.items()
        if is_entitled(caller.account.regions, region) and (permitted is None or word in permitted)
    )
