"""Accounts and the audit trail in their wire shape."""

from __future__ import annotations

from trunkline.server.domain.policy.account import Account
from trunkline.server.domain.policy.audit import AuditEntry
from trunkline.server.http import schemas_accounts as shown
from trunkline.server.http.views.filling import fill


def account(stored: Account) -> shown.AccountData:
    """Return an account with its restrictions."""
    return fill(shown.AccountData, stored, stored.restrictions)


def entry(stored: AuditEntry) -> shown.AuditEntry:
    """Return an entry of the audit trail."""
    return fill(shown.AuditEntry, stored, actor=fill(shown.AuditActor, stored.actor))
