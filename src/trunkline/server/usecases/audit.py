"""The audit trail as people read it."""

from __future__ import annotations

from trunkline.server.domain.policy.audit import AuditEntry
from trunkline.server.usecases.account_ports import Accounts


def entries(
    accounts: Accounts,
    account_id: str | None,
    *,
    noun: str | None = None,
    noun_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """Return up to `limit` entries, newest first, with ids below `before`.

    `account_id` of None, for operators only, returns those of every account.
    """
    with accounts.read() as store:
        return store.audit.page(account_id, noun=noun, noun_id=noun_id, before=before, limit=limit)
