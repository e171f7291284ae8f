"""Credentials that accounts bring along for providers: listed, made, read, changed and deleted (the API's `/byok`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from trunkline.server.domain.policy import byok
from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.workspace import default_workspace_id
from trunkline.server.errors import NotFound, Unreadable
from trunkline.server.usecases.account_ports import Accounts, Catalogued, Entropy, Reader, Vault, Writer
from trunkline.server.usecases.bodies import FIRST_PAGE, Page, Paging, given, is_uuid, new_id, refuse
from trunkline.server.usecases.ports import Clock

LONGEST_SECRET: Final = 8_192
"""Characters: what fits into a header."""
Slug = Annotated[str, Meta(min_length=1, max_length=100)]
Secret = Annotated[str, Meta(min_length=1, max_length=LONGEST_SECRET)]
CredentialName = Annotated[str, Meta(max_length=255)]
Items = Annotated[list[str], Meta(max_length=100)]
Hashes = Annotated[list[Annotated[str, Meta(pattern="^[a-f0-9]{64}$")]], Meta(min_length=1, max_length=100)]


class ByokFields(Struct, frozen=True, kw_only=True):
    """What making and changing a credential have in common."""

    name: CredentialName | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET
    is_fallback: bool | UnsetType = UNSET
    is_required: bool | UnsetType = UNSET
    is_byok_only: bool | UnsetType = UNSET
    declared_zdr: bool | UnsetType | None = UNSET
    declared_region: Literal["global", "europe", "us"] | UnsetType | None = UNSET
    allowed_models: Items | UnsetType | None = UNSET
    allowed_api_key_hashes: Hashes | UnsetType | None = UNSET
    allowed_user_ids: Items | UnsetType | None = UNSET


class ByokCreate(ByokFields, frozen=True, kw_only=True):
    """The body that makes a credential."""

    provider: Slug
    key: Secret
    workspace_id: UUID | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"ByokCreate(provider={self.provider!r})"


class ByokPatch(ByokFields, frozen=True, kw_only=True):
    """The body that changes a credential: what is absent stays, null clears, `key` takes the place of the old one."""

    key: Secret | UnsetType = UNSET

    def __repr__(self) -> str:
        return "ByokPatch()"


class Resealed(NamedTuple):
    """How many credentials were encrypted anew, and which cannot be read, each with the reason."""

    renewed: int
    unreadable: list[tuple[Credential, str]]


def list_credentials(
    accounts: Accounts,
    account_id: str,
    paging: Paging = FIRST_PAGE,
    *,
    workspace_id: str | None = None,
    provider: str | None = None,
) -> Page[Credential]:
    """Return the credentials that count in a workspace (the default one unless named), newest first.

    Those of the whole account are among them. Raises `NotFound` for a workspace that is not this account's, and
    `BadRequest` where none is named and the default one is gone.
    """
    with accounts.read() as store:
        place = _place(store, account_id, workspace_id)
        where: dict[str, object] = {"workspace_id": (place, None)}
        if provider is not None:
            where["provider"] = provider
        rows = store.byok.page(account_id, where=where, offset=paging.offset, limit=paging.limit)
        return Page(rows, store.byok.count(account_id, where=where))


def get(accounts: Accounts, account_id: str, credential_id: str) -> Credential:
    """Return a credential. Raises `NotFound`."""
    with accounts.read() as store:
        return _find(store, account_id, credential_id)


def create(
    accounts: Accounts,
    actor: Actor,
    body: ByokCreate,
    *,
    clock: Clock,
    entropy: Entropy,
    vault: Vault,
    catalogued: Catalogued,
    reachable: Collection[str],
    everywhere: bool = False,
) -> Credential:
    """Make a credential and return it, behind those of the same provider; `everywhere`: in all workspaces.

    `reachable` are the providers that this server knows how to call. Raises `BadRequest` for another one, for a
    secret that no header can carry, for models and keys that the account does not have, and on a server without a
    key to encrypt with; `NotFound` for a workspace that is not this account's.
    """
    provider = body.provider.strip().lower()
    if provider not in reachable:
        raise refuse("provider", f"cannot be called by this server; it can call {', '.join(sorted(reachable))}")
    changes = _changes(body, catalogued)
    secret = _checked(body.key)
    with accounts.change(actor, clock) as store:
        place = None
        if not everywhere:
            named = None if body.workspace_id is UNSET else str(body.workspace_id)
            place = _place(store, actor.account_id, named)
        _require_keys(store, actor.account_id, changes)
        beside = store.byok.page(actor.account_id, where={"workspace_id": place, "provider": provider})
        unsealed = Credential(
            id=new_id(entropy),
            account_id=actor.account_id,
            provider=provider,
            label="",
            sealed="",
            created_at=store.now,
            workspace_id=place,
            sort_order=max((row.sort_order + 1 for row in beside), default=0),
            **changes,
        )
        _require_order(unsealed)
        made = _sealed(unsealed, secret, vault)
        store.byok.add(actor.account_id, made)
    return made


def update(
    accounts: Accounts,
    actor: Actor,
    credential_id: str,
    body: ByokPatch,
    *,
    clock: Clock,
    vault: Vault,
    catalogued: Catalogued,
) -> Credential:
    """Change a credential and return it. Raises `NotFound`, and `BadRequest` for all that `create` refuses."""
    changes = _changes(body, catalogued)
    with accounts.change(actor, clock) as store:
        before = _find(store, actor.account_id, credential_id)
        _require_keys(store, actor.account_id, changes)
        after = replace(before, **changes)
        _require_order(after)
        if body.key is not UNSET:
            after = _sealed(after, _checked(body.key), vault)
        store.byok.replace(actor.account_id, after)
    return after


def delete(accounts: Accounts, actor: Actor, credential_id: str, *, clock: Clock) -> None:
    """Delete a credential with its secret; the audit trail keeps that there was one. Raises `NotFound`."""
    with accounts.change(actor, clock) as store:
        found = _find(store, actor.account_id, credential_id)
        store.byok.remove(actor.account_id, found.id)


def reseal(accounts: Accounts, actor: Actor, *, clock: Clock, vault: Vault) -> Resealed:
    """Encrypt an account's credentials anew that are under an older key; what cannot be read stays as it is."""
    renewed, unreadable = 0, []
    with accounts.change(actor, clock) as store:
        for row in store.byok.page(actor.account_id):
            try:
                sealed = vault.renew(row.sealed, row.about)
            except Unreadable as error:
                unreadable.append((row, error.message))
                continue
            if sealed != row.sealed:
                store.byok.replace(actor.account_id, replace(row, sealed=sealed))
                renewed += 1
    return Resealed(renewed, unreadable)


def _find(store: Reader, account_id: str, credential_id: str) -> Credential:
    found = store.byok.get(account_id, credential_id.lower()) if is_uuid(credential_id) else None
    if found is None:
        raise NotFound
    return found


def _place(store: Reader, account_id: str, workspace_id: str | None) -> str:
    place = default_workspace_id(account_id) if workspace_id is None else workspace_id
    if store.workspaces.get(account_id, place) is not None:
        return place
    if workspace_id is None:
        raise refuse("workspace_id", "the default workspace was deleted; name another")
    raise NotFound


def _changes(body: ByokFields, catalogued: Catalogued) -> dict[str, Any]:
    changes = {name: value for name, value in given(body).items() if name in ByokFields.__struct_fields__}
    if changes.get("allowed_models"):
        changes["allowed_models"] = catalogued.models(changes["allowed_models"], "allowed_models")
    for name in ("allowed_models", "allowed_api_key_hashes", "allowed_user_ids"):
        if changes.get(name) is not None:
            changes[name] = tuple(dict.fromkeys(changes[name]))
    return changes


def _require_keys(store: Writer, account_id: str, changes: dict[str, Any]) -> None:
    hashes = changes.get("allowed_api_key_hashes") or ()
    if hashes:
        known = {key.hash for key in store.keys.page(account_id, where={"hash": hashes}) if not key.is_management}
        if missing := [one for one in hashes if one not in known]:
            raise refuse("allowed_api_key_hashes", f"is no key of this account: {missing[0]}")


def _require_order(credential: Credential) -> None:
    if credential.is_fallback and credential.is_byok_only:
        raise refuse("is_byok_only", "is for credentials that are no fallback: nothing would come before it")


def _checked(secret: str) -> str:
    if not (secret.isascii() and secret.isprintable()) or secret != secret.strip():
        raise refuse("key", "expected printable ASCII characters without spaces around them")
    return secret


def _sealed(credential: Credential, secret: str, vault: Vault) -> Credential:
    return replace(credential, sealed=vault.seal(secret, credential.about), label=byok.label(secret))
