"""What is assigned to guardrails: keys and members (spec 1.7, 5.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.guardrail import Guardrail, KeyAssignment, MemberAssignment
from trunkline.server.errors import BadRequest
from trunkline.server.usecases.account_ports import Accounts, Entropy, Reader
from trunkline.server.usecases.bodies import FIRST_PAGE, Name, Page, Paging, new_id
from trunkline.server.usecases.guardrails import find, is_default
from trunkline.server.usecases.ports import Clock


class KeyHashes(Struct, frozen=True, kw_only=True):
    """The body that assigns keys or takes them away."""

    key_hashes: Annotated[list[Name], Meta(min_length=1)]


class MemberIds(Struct, frozen=True, kw_only=True):
    """The body that assigns members or takes them away."""

    member_user_ids: Annotated[list[Name], Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class KeyAssignmentView:
    """An assignment with what people know the key by."""

    assignment: KeyAssignment
    key_name: str
    key_label: str


def list_keys(
    accounts: Accounts, account_id: str, guardrail_id: str | None = None, paging: Paging = FIRST_PAGE
) -> Page[KeyAssignmentView]:
    """Return the keys under a guardrail, or under any, newest first. Raises `NotFound`."""
    with accounts.read() as store:
        where = _of_guardrail(store, account_id, guardrail_id)
        rows = store.key_assignments.page(account_id, where=where, offset=paging.offset, limit=paging.limit)
        keys = {key.hash: key for key in store.keys.page(account_id, where={"hash": [row.key_hash for row in rows]})}
        views = [KeyAssignmentView(row, keys[row.key_hash].name, keys[row.key_hash].label) for row in rows]
        return Page(views, store.key_assignments.count(account_id, where=where))


def list_members(
    accounts: Accounts, account_id: str, guardrail_id: str | None = None, paging: Paging = FIRST_PAGE
) -> Page[MemberAssignment]:
    """Return the members under a guardrail, or under any, newest first. Raises `NotFound`."""
    with accounts.read() as store:
        where = _of_guardrail(store, account_id, guardrail_id)
        rows = store.member_assignments.page(account_id, where=where, offset=paging.offset, limit=paging.limit)
        return Page(rows, store.member_assignments.count(account_id, where=where))


def assign_keys(
    accounts: Accounts, actor: Actor, guardrail_id: str, body: KeyHashes, *, clock: Clock, entropy: Entropy
) -> int:
    """Put keys under a guardrail, in place of any other, and return how many of those named are under it now.

    Hashes of no key of this account and of management keys are passed over.
    Raises `NotFound`, and `BadRequest` for the default guardrail of a workspace.
    """
    with accounts.change(actor, clock) as store:
        guardrail = _assignable(store, actor.account_id, guardrail_id)
        named = {"hash": list(dict.fromkeys(body.key_hashes)), "is_management": False}
        hashes = [key.hash for key in store.keys.page(actor.account_id, where=named)]
        present = store.key_assignments.page(actor.account_id, where={"key_hash": hashes})
        kept = {row.key_hash for row in present if row.guardrail_id == guardrail.id}
        store.key_assignments.remove(actor.account_id, *(row.id for row in present if row.key_hash not in kept))
        made = [
            KeyAssignment(
                id=new_id(entropy),
                key_hash=key_hash,
                guardrail_id=guardrail.id,
                assigned_by=actor.user_id,
                created_at=store.now,
            )
            for key_hash in hashes
            if key_hash not in kept
        ]
        store.key_assignments.add(actor.account_id, *made)
        return len(hashes)


def unassign_keys(accounts: Accounts, actor: Actor, guardrail_id: str, body: KeyHashes, *, clock: Clock) -> int:
    """Take keys from a guardrail and return how many were under it. Raises `NotFound`."""
    with accounts.change(actor, clock) as store:
        guardrail = find(store, actor.account_id, guardrail_id)
        where = {"guardrail_id": guardrail.id, "key_hash": list(dict.fromkeys(body.key_hashes))}
        rows = store.key_assignments.page(actor.account_id, where=where)
        return store.key_assignments.remove(actor.account_id, *(row.id for row in rows))


def assign_members(
    accounts: Accounts, actor: Actor, guardrail_id: str, body: MemberIds, *, clock: Clock, entropy: Entropy
) -> int:
    """Put members with all their keys under a guardrail, in place of any other, and return how many are now.

    Users who are no members are passed over, on a personal account all of them. Raises like `assign_keys`.
    """
    with accounts.change(actor, clock) as store:
        guardrail = _assignable(store, actor.account_id, guardrail_id)
        named = {"id": list(dict.fromkeys(body.member_user_ids))}
        users = [member.id for member in store.members.page(actor.account_id, where=named)]
        present = store.member_assignments.page(actor.account_id, where={"user_id": users})
        kept = {row.user_id for row in present if row.guardrail_id == guardrail.id}
        store.member_assignments.remove(actor.account_id, *(row.id for row in present if row.user_id not in kept))
        made = [
            MemberAssignment(
                id=new_id(entropy),
                user_id=user_id,
                organization_id=actor.account_id,
                guardrail_id=guardrail.id,
                assigned_by=actor.user_id,
                created_at=store.now,
            )
            for user_id in users
            if user_id not in kept
        ]
        store.member_assignments.add(actor.account_id, *made)
        return len(users)


def unassign_members(accounts: Accounts, actor: Actor, guardrail_id: str, body: MemberIds, *, clock: Clock) -> int:
    """Take members from a guardrail and return how many were under it. Raises `NotFound`."""
    with accounts.change(actor, clock) as store:
        guardrail = find(store, actor.account_id, guardrail_id)
        where = {"guardrail_id": guardrail.id, "user_id": list(dict.fromkeys(body.member_user_ids))}
        rows = store.member_assignments.page(actor.account_id, where=where)
        return store.member_assignments.remove(actor.account_id, *(row.id for row in rows))


def _of_guardrail(store: Reader, account_id: str, guardrail_id: str | None) -> Mapping[str, object]:
    return {} if guardrail_id is None else {"guardrail_id": find(store, account_id, guardrail_id).id}


def _assignable(store: Reader, account_id: str, guardrail_id: str) -> Guardrail:
    guardrail = find(store, account_id, guardrail_id)
    if is_default(guardrail):
        raise BadRequest("The default guardrail of a workspace governs all of its keys and is not assigned")
    return guardrail
