"""Accounts: made with their default workspace and first management key, and their always-on settings (spec 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from trunkline.server.domain.policy import key as form
from trunkline.server.domain.policy.account import Account, AccountKind
from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.workspace import Workspace, default_workspace_id
from trunkline.server.errors import NotFound, SettingsError
from trunkline.server.usecases.account_ports import Accounts, Catalogued, Entropy, Writer
from trunkline.server.usecases.bodies import Name, given, new_id, refuse
from trunkline.server.usecases.guardrail_bodies import RestrictionsPatch
from trunkline.server.usecases.members import require_organization
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.restrictions import stated

FIRST_NAME: Final = "default"
MANAGEMENT_KEY_NAME: Final = "Management key"


class AccountCreate(Struct, frozen=True, kw_only=True):
    """The body that makes an account."""

    name: Name
    kind: AccountKind = AccountKind.ORGANIZATION


class AccountPatch(RestrictionsPatch, frozen=True, kw_only=True):
    """The body that changes an account and its layer L0: what is absent stays, null removes.

    `regions` are the regional hosts that the account may use; null for every one, an empty list for none.
    """

    name: Name | UnsetType = UNSET
    kind: AccountKind | UnsetType = UNSET
    regions: list[str] | UnsetType | None = UNSET
    is_filtered_model_catalog_enabled: bool | UnsetType = UNSET


class SettingsPatch(Struct, frozen=True, kw_only=True):
    """The body of `PATCH /organization/settings`."""

    is_filtered_model_catalog_enabled: bool


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that was just made, with its management key's text, which is kept nowhere."""

    account: Account
    management_key: Key
    text: str


def list_accounts(accounts: Accounts) -> list[Account]:
    """Return every account, oldest first. For operators only."""
    with accounts.read() as store:
        return store.accounts.all()


def get(accounts: Accounts, account_id: str) -> Account:
    """Return an account. Raises `NotFound`."""
    with accounts.read() as store:
        found = store.accounts.get(account_id)
    if found is None:
        raise NotFound
    return found


def bootstrap(
    accounts: Accounts, *, clock: Clock, entropy: Entropy, management_key: str | None = None
) -> NewAccount | None:
    """Make the first account of an empty store and return it; None where there is one.

    `management_key` is what the operator set, None to draw one. Of several processes that start at once, one makes
    the account. Raises `SettingsError` for a management key that has not the form of a key, an empty one too.
    """
    if management_key is not None and not form.is_key(management_key):
        raise SettingsError(f"the management key must be {form.PREFIX} and 64 hexadecimal digits (lower case)")
    with accounts.read() as store:
        if store.accounts.all():
            return None
    account_id = new_id(entropy)
    actor = Actor(account_id=account_id, via=Via.START, name="first start")
    with accounts.change(actor, clock) as writer:
        if writer.accounts.all():
            return None
        body = AccountCreate(name=FIRST_NAME)
        return _create(writer, account_id, body, management_key or form.form(entropy(form.SECRET_BYTES)))


def create(accounts: Accounts, actor: Actor, body: AccountCreate, *, clock: Clock, entropy: Entropy) -> NewAccount:
    """Make an account and return it with its management key. For operators only; `actor.account_id` is the new id."""
    with accounts.change(actor, clock) as store:
        return _create(store, actor.account_id, body, form.form(entropy(form.SECRET_BYTES)))


def update(accounts: Accounts, actor: Actor, body: AccountPatch, *, clock: Clock, catalogued: Catalogued) -> Account:
    """Change an account and return it. For operators only.

    Raises `NotFound`, and `BadRequest` for models and providers that the catalogue does not have and for an
    organization with members that would become personal.
    """
    fields = given(body)
    own: dict[str, Any] = {name: fields.pop(name) for name in _OWN if name in fields}
    if own.get("regions") is not None:
        own["regions"] = tuple(dict.fromkeys(own["regions"]))
    restrictions = stated(fields, catalogued, account=True)
    with accounts.change(actor, clock) as store:
        before = store.accounts.get(actor.account_id)
        if before is None:
            raise NotFound
        after = replace(before, restrictions=replace(before.restrictions, **restrictions), **own)
        if after.kind is AccountKind.PERSONAL and store.members.count(actor.account_id):
            raise refuse("kind", "an organization with members cannot become personal")
        store.accounts.replace(after)
        return after


def settings(accounts: Accounts, account_id: str) -> Account:
    """Return the organisation whose settings are asked for. Raises `NotFound` for a personal account."""
    with accounts.read() as store:
        return require_organization(store, account_id)


def change_settings(accounts: Accounts, actor: Actor, body: SettingsPatch, *, clock: Clock) -> Account:
    """Change an organisation's settings and return it. Raises `NotFound` for a personal account."""
    with accounts.change(actor, clock) as store:
        before = require_organization(store, actor.account_id)
        after = replace(before, **given(body))
        store.accounts.replace(after)
        return after


def create_management_key(
    accounts: Accounts, actor: Actor, name: str, *, clock: Clock, entropy: Entropy, creator_user_id: str | None = None
) -> tuple[Key, str]:
    """Make a management key and return it with its text, which is kept nowhere. For operators only.

    Raises `NotFound` for no account, and `BadRequest` for a user who is no member.
    """
    text = form.form(entropy(form.SECRET_BYTES))
    with accounts.change(actor, clock) as store:
        if store.accounts.get(actor.account_id) is None:
            raise NotFound
        if creator_user_id is not None and store.members.get(actor.account_id, creator_user_id) is None:
            raise refuse("creator_user_id", "is no member of this organization")
        return _management_key(store, name, text, creator_user_id), text


def management_keys(accounts: Accounts, account_id: str) -> list[Key]:
    """Return an account's management keys, newest first. For operators only."""
    with accounts.read() as store:
        return store.keys.page(account_id, where={"is_management": True})


def revoke_management_key(accounts: Accounts, actor: Actor, key_hash: str, *, clock: Clock) -> None:
    """Delete a management key, for good. For operators only. Raises `NotFound`."""
    with accounts.change(actor, clock) as store:
        key = store.keys.get(actor.account_id, key_hash)
        if key is None or not key.is_management:
            raise NotFound
        store.keys.remove(actor.account_id, key_hash)


def _create(store: Writer, account_id: str, body: AccountCreate, text: str) -> NewAccount:
    account = Account(id=account_id, name=body.name, kind=body.kind, created_at=store.now)
    store.accounts.add(account)
    store.workspaces.add(
        account_id,
        Workspace(
            id=default_workspace_id(account_id),
            account_id=account_id,
            name="Default",
            slug="default",
            created_at=store.now,
        ),
    )
    return NewAccount(account, _management_key(store, MANAGEMENT_KEY_NAME, text, None), text)


def _management_key(store: Writer, name: str, text: str, creator_user_id: str | None) -> Key:
    made = Key(
        hash=form.digest(text),
        name=name,
        label=form.label(text),
        account_id=store.actor.account_id,
        created_at=store.now,
        is_management=True,
        creator_user_id=creator_user_id,
    )
    store.keys.add(store.actor.account_id, made)
    return made


_OWN: Final = ("name", "kind", "regions", "is_filtered_model_catalog_enabled")
