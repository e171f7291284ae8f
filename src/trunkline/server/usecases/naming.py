"""What ids in records stand for: names of keys, members and workspaces, and what workspaces have spent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from trunkline.server.domain.policy.spend import Spent
from trunkline.server.usecases.account_ports import Accounts
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.pressure import called


def keys(accounts: Accounts, account_id: str, hashes: Collection[str]) -> dict[str, str]:
    """Return the names of those keys that are still there, by hash."""
    with accounts.read() as store:
        return {row.hash: row.name for row in store.keys.page(account_id, where={"hash": list(hashes)})}


def members(accounts: Accounts, account_id: str) -> dict[str, str]:
    """Return what an account's members are called, by id."""
    with accounts.read() as store:
        return {row.id: called(row) for row in store.members.page(account_id)}


def workspaces(accounts: Accounts, account_id: str) -> dict[str, str]:
    """Return the names of an account's workspaces by id, the oldest first."""
    with accounts.read() as store:
        return {row.id: row.name for row in reversed(store.workspaces.page(account_id))}


def spent_in(accounts: Accounts, account_id: str, workspace_ids: Collection[str], clock: Clock) -> dict[str, Spent]:
    """Return what some workspaces of an account have spent, by id."""
    now = datetime.fromtimestamp(clock(), UTC)
    with accounts.read() as store:
        return {one: store.ledger.of(account_id, now, workspace_id=one) for one in workspace_ids}
