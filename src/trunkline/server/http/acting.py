"""Who acts in a management operation, on what catalogue, and which part of a list they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from trunkline.server.domain.policy.account import Account
from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.merge import Items
from trunkline.server.errors import NotFound, Unauthorized
from trunkline.server.http.access import Access
from trunkline.server.http.operations import Context, Operation
from trunkline.server.http.parameters import PAGE
from trunkline.server.http.request import Request
from trunkline.server.usecases.bodies import Paging

managed = partial(Operation, access=Access.MANAGEMENT, blocking=True)
"""An operation for management keys, which reaches the store."""


def caller(request: Request) -> Caller:
    """Return whose key the request came with. Raises `Unauthorized` for none."""
    if request.caller is None:
        raise Unauthorized
    return request.caller


def account(request: Request) -> Account:
    """Return the account of the request's key. Raises `NotFound` when it is gone (spec 1.4)."""
    found = caller(request).account
    if found is None:
        raise NotFound
    return found


def actor(request: Request, account_id: str | None = None) -> Actor:
    """Return who changes something by this request, in their own account or in another, for the audit trail.

    Raises `NotFound` without an account.
    """
    own, key = account(request).id, caller(request).key
    return Actor(
        account_id=account_id or own,
        via=Via.API,
        name=key.label,
        key_hash=key.hash,
        user_id=key.creator_user_id,
        address=request.peer,
    )


def items(context: Context, account_id: str) -> Items:
    """Return the catalogue that an account's lists of models and providers name. Raises `Unavailable` without one."""
    return Items(context.snapshot(), frozenset((account_id,)))


def paging(values: Mapping[str, Any]) -> Paging:
    """Return the page that read parameters ask for."""
    return Paging(values.get("offset", 0), values.get("limit", PAGE))
