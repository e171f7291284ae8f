"""The members of an organisation (spec 1.7, 2.11, 5.10)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from trunkline.server.domain.policy.account import Account, AccountKind, Member, Role
from trunkline.server.domain.policy.audit import Actor
from trunkline.server.errors import BadRequest, Conflict, NotFound
from trunkline.server.usecases.account_ports import Accounts, Entropy, Reader
from trunkline.server.usecases.bodies import FIRST_PAGE, Name, Page, Paging, given
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.workspace_members import role_of

Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\Z")]


class MemberCreate(Struct, frozen=True, kw_only=True):
    """A new member; `id` names a user who is known elsewhere by it, otherwise one is made."""

    email: Email
    id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    role: Role = Role.MEMBER
    first_name: Name | None = None
    last_name: Name | None = None


class MemberPatch(Struct, frozen=True, kw_only=True):
    """What changes about a member: what is absent stays, null clears."""

    email: Email | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    first_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET


def list_members(accounts: Accounts, account_id: str, paging: Paging = FIRST_PAGE) -> Page[Member]:
    """Return an organisation's members, newest first. Raises `NotFound` for a personal account."""
    with accounts.read() as store:
        require_organization(store, account_id)
        rows = store.members.page(account_id, offset=paging.offset, limit=paging.limit)
        return Page(rows, store.members.count(account_id))


def add(accounts: Accounts, actor: Actor, body: MemberCreate, *, clock: Clock, entropy: Entropy) -> Member:
    """Add a member and return them. Raises `NotFound` for a personal account, `Conflict` for an id or address taken."""
    with accounts.change(actor, clock) as store:
        require_organization(store, actor.account_id)
        made = Member(
            id=body.id or f"user_{entropy(12).hex()}",
            account_id=actor.account_id,
            email=body.email,
            role=body.role,
            created_at=store.now,
            first_name=body.first_name,
            last_name=body.last_name,
        )
        _require_free(store, made)
        store.members.add(actor.account_id, made)
        return made


def update(accounts: Accounts, actor: Actor, user_id: str, body: MemberPatch, *, clock: Clock) -> Member:
    """Change a member, with their role in workspaces, and return them. Raises `NotFound` and `Conflict`."""
    with accounts.change(actor, clock) as store:
        require_organization(store, actor.account_id)
        before = store.members.get(actor.account_id, user_id)
        if before is None:
            raise NotFound
        after = replace(before, **given(body))
        if after.email != before.email:
            _require_free(store, after)
        store.members.replace(actor.account_id, after)
        for row in store.workspace_members.page(actor.account_id, where={"user_id": user_id}):
            store.workspace_members.replace(actor.account_id, replace(row, role=role_of(after)))
        return after


def remove(accounts: Accounts, actor: Actor, user_id: str, *, clock: Clock, disable_keys: bool = False) -> None:
    """Remove a member from the organisation, its workspaces and their guardrail.

    Raises `NotFound`, and `BadRequest` while keys that they made are active: without the member guardrail these
    would see more than before. `disable_keys` disables them along the way.
    """
    with accounts.change(actor, clock) as store:
        require_organization(store, actor.account_id)
        if store.members.get(actor.account_id, user_id) is None:
            raise NotFound
        active = store.keys.active(actor.account_id, store.now, {"creator_user_id": user_id})
        if active and not disable_keys:
            raise BadRequest(f"The member has active API keys ({len(active)}); disable or delete them first")
        for key in active:
            store.keys.replace(actor.account_id, replace(key, disabled=True, updated_at=store.now))
        store.members.remove(actor.account_id, user_id)


def require_organization(store: Reader, account_id: str) -> Account:
    """Return the account. Raises `NotFound` where it is no organisation (spec 1.7)."""
    account = store.accounts.get(account_id)
    if account is None or account.kind is not AccountKind.ORGANIZATION:
        raise NotFound
    return account


def _require_free(store: Reader, member: Member) -> None:
    if any(row.id != member.id for row in store.members.page(member.account_id, where={"email": member.email})):
        raise Conflict("A member of this organization has this address already")
