"""Inference keys: listed, made, read, changed and deleted by management keys (spec 1.7, 2.10, 5.10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from trunkline.server.domain.policy import key as form
from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.budget import limit_remaining
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.spend import Spent
from trunkline.server.domain.policy.workspace import Workspace, default_workspace_id
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases.account_ports import Accounts, Entropy, Reader, Writer
from trunkline.server.usecases.bodies import Moment, Name, Usd, Window, given, refuse, usd, utc
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.workspace_members import may_work_in

PAGE = 100
"""Keys of a page; the operation has no `limit`."""


class ExternalUser(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom a key belongs to in the caller's own system."""

    user: str
    api_key: str | UnsetType = UNSET


class KeyCreate(Struct, frozen=True, kw_only=True):
    """The body that makes a key: `limit` in USD per `limit_reset` window."""

    name: Name
    limit: Usd | None = None
    limit_reset: Window | None = None
    include_byok_in_limit: bool = False
    expires_at: Moment | None = None
    creator_user_id: Name | None = None
    workspace_id: UUID | None = None
    external: ExternalUser | None = None


class KeyPatch(Struct, frozen=True, kw_only=True):
    """The body that changes a key: what is absent stays, null clears."""

    name: Name | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    limit: Usd | UnsetType | None = UNSET
    limit_reset: Window | UnsetType | None = UNSET
    include_byok_in_limit: bool | UnsetType = UNSET
    workspace_id: UUID | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key with what it has spent."""

    key: Key
    spent: Spent

    @property
    def limit_remaining(self) -> Decimal | None:
        """Return USD left in the running window, never below 0; None without a limit."""
        key = self.key
        return limit_remaining(key.limit, key.limit_reset, self.spent, byok=key.include_byok_in_limit)


def list_keys(
    accounts: Accounts,
    account_id: str,
    *,
    clock: Clock,
    workspace_id: UUID | None = None,
    include_disabled: bool = False,
    include_expired: bool = False,
    offset: int = 0,
) -> list[KeyView]:
    """Return up to 100 inference keys of a workspace (the default one unless named), newest first.

    Raises `NotFound` for an unknown workspace.
    """
    now = datetime.fromtimestamp(clock(), UTC)
    place = default_workspace_id(account_id) if workspace_id is None else str(workspace_id)
    with accounts.read() as store:
        if store.workspaces.get(account_id, place) is None:
            raise NotFound
        rows = store.keys.listed(
            account_id,
            place,
            now,
            include_disabled=include_disabled,
            include_expired=include_expired,
            offset=offset,
            limit=PAGE,
        )
        spent = store.ledger.by_key(account_id, [row.hash for row in rows], now)
    return [KeyView(row, spent[row.hash]) for row in rows]


def create(accounts: Accounts, actor: Actor, body: KeyCreate, *, clock: Clock, entropy: Entropy) -> tuple[KeyView, str]:
    """Make an inference key and return it with its text, which is kept nowhere.

    Raises `BadRequest` for an expiry in the past or not in UTC and for a creator who may not work there,
    `NotFound` for a workspace that is not this account's.
    """
    text = form.form(entropy(form.SECRET_BYTES))
    with accounts.change(actor, clock) as store:
        expires_at = None if body.expires_at is None else _future(body.expires_at, store.now)
        workspace = _workspace(store, actor.account_id, body.workspace_id)
        if body.creator_user_id is not None:
            _require_creator(store, actor.account_id, body.creator_user_id, workspace)
        made = Key(
            hash=form.digest(text),
            name=body.name,
            label=form.label(text),
            account_id=actor.account_id,
            created_at=store.now,
            workspace_id=workspace.id,
            limit=None if body.limit is None else usd(body.limit, "limit"),
            limit_reset=body.limit_reset,
            include_byok_in_limit=body.include_byok_in_limit,
            creator_user_id=body.creator_user_id,
            expires_at=expires_at,
            external_user=_external(body.external),
        )
        store.keys.add(actor.account_id, made)
    return KeyView(made, Spent()), text


def get(accounts: Accounts, account_id: str, key_hash: str, *, clock: Clock) -> KeyView:
    """Return an inference key. Raises `NotFound`."""
    with accounts.read() as store:
        return _view(store, _inference_key(store, account_id, key_hash), clock)


def update(accounts: Accounts, actor: Actor, key_hash: str, body: KeyPatch, *, clock: Clock) -> KeyView:
    """Change a key and return it; a move to another workspace takes its guardrail along.

    Raises `BadRequest` for a body without any field, for a creator who may not work in the other workspace and
    for enabling the key of somebody who left; `NotFound` for a key or workspace that is not this account's.
    """
    changes = given(body)
    if not changes:
        raise BadRequest("No update fields provided")
    if changes.get("limit") is not None:
        changes["limit"] = usd(changes["limit"], "limit")
    with accounts.change(actor, clock) as store:
        before = _inference_key(store, actor.account_id, key_hash)
        if "workspace_id" in changes:
            changes["workspace_id"] = str(changes["workspace_id"])
            if changes["workspace_id"] != before.workspace_id:
                workspace = _workspace(store, actor.account_id, UUID(changes["workspace_id"]))
                if before.creator_user_id is not None:
                    _require_creator(store, actor.account_id, before.creator_user_id, workspace)
        if before.disabled and changes.get("disabled") is False and before.creator_user_id is not None:
            _require_member(store, actor.account_id, before.creator_user_id)
        after = replace(before, **changes)
        if after != before:
            after = replace(after, updated_at=store.now)
            store.keys.replace(actor.account_id, after)
        return _view(store, after, clock)


def delete(accounts: Accounts, actor: Actor, key_hash: str, *, clock: Clock) -> None:
    """Delete a key with its guardrail assignment, for good. Raises `NotFound`, the second time too."""
    with accounts.change(actor, clock) as store:
        _inference_key(store, actor.account_id, key_hash)
        store.keys.remove(actor.account_id, key_hash)


def _view(store: Reader, key: Key, clock: Clock) -> KeyView:
    now = datetime.fromtimestamp(clock(), UTC)
    return KeyView(key, store.ledger.by_key(key.account_id, [key.hash], now)[key.hash])


def _inference_key(store: Reader, account_id: str, key_hash: str) -> Key:
    # Management keys are made and revoked by the operator: one that could be revoked by another through the API
    # would let a leaked key lock its owner out.
    key = store.keys.get(account_id, key_hash)
    if key is None or key.is_management:
        raise NotFound
    return key


def _workspace(store: Reader, account_id: str, workspace_id: UUID | None) -> Workspace:
    place = default_workspace_id(account_id) if workspace_id is None else str(workspace_id)
    workspace = store.workspaces.get(account_id, place)
    if workspace is not None:
        return workspace
    if workspace_id is None:
        raise refuse("workspace_id", "the default workspace was deleted; name another")
    raise NotFound


def _require_creator(store: Writer, account_id: str, user_id: str, workspace: Workspace) -> None:
    _require_member(store, account_id, user_id)
    if not may_work_in(store, account_id, user_id, workspace):
        raise refuse("creator_user_id", "is no member of the key's workspace")


def _require_member(store: Writer, account_id: str, user_id: str) -> None:
    account = store.accounts.get(account_id)
    if account is None or account.kind is not AccountKind.ORGANIZATION:
        raise refuse("creator_user_id", "only organizations have members")
    if store.members.get(account_id, user_id) is None:
        raise refuse("creator_user_id", "is no member of this organization")


def _future(moment: datetime, now: datetime) -> datetime:
    moment = utc(moment, "expires_at")
    if moment <= now:
        raise refuse("expires_at", "expected a time in the future")
    return moment


def _external(external: ExternalUser | None) -> dict[str, Any] | None:
    return None if external is None else given(external)
