"""What an account used in the last 30 completed days, by model and endpoint (spec 1.5, gateway 5.5)."""

from __future__ import annotations

import datetime as dt
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from trunkline.server.domain.generation.days import last_completed, number
from trunkline.server.domain.policy.account import Account, AccountKind
from trunkline.server.domain.policy.workspace import default_workspace_id
from trunkline.server.errors import NotFound
from trunkline.server.usecases.account_ports import Accounts
from trunkline.server.usecases.bodies import refuse
from trunkline.server.usecases.gateway_ports import Activity, Records

DAYS: Final = 30


def activity(
    records: Records,
    accounts: Accounts,
    account: Account,
    now: float,
    *,
    date: dt.date | None = None,
    api_key_hash: str | None = None,
    user_id: str | None = None,
    workspace_id: UUID | None = None,
    group_by: str | None = None,
) -> list[Activity]:
    """Return an account's usage, newest day first.

    Raises `BadRequest` for a day that is not among those 30 and for a user of a personal account, `NotFound` for a
    workspace that is not the account's.
    """
    last = last_completed(now)
    first = last - dt.timedelta(days=DAYS - 1)
    if date is not None:
        if not first <= date <= last:
            raise refuse("date", f"expected a day from {first} to {last}")
        first = last = date
    if user_id is not None and account.kind is not AccountKind.ORGANIZATION:
        raise refuse("user_id", "only organizations have members")
    if workspace_id is not None:
        with accounts.read() as store:
            if store.workspaces.get(account.id, str(workspace_id)) is None:
                raise NotFound
    split = group_by == "workspace"
    rows = records.activity(
        account.id,
        number(first),
        number(last),
        key_hash=api_key_hash,
        user_id=user_id,
        workspace_id=None if workspace_id is None else str(workspace_id),
        by_workspace=split,
    )
    if not split:
        return rows
    # What came from no workspace counts as the default one's.
    default = default_workspace_id(account.id)
    return [row if row.workspace_id else replace(row, workspace_id=default) for row in rows]
