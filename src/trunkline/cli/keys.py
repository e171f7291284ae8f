"""`trunkline keys`: API keys and management keys of an account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from trunkline.cli.flags import In
from trunkline.cli.pairs import body
from trunkline.cli.tables import show
from trunkline.cli.tenancy import EVERYTHING, Json, Office, matching, office, say, show_json, text
from trunkline.server.domain.policy import key as form
from trunkline.server.domain.policy.key import Key
from trunkline.server.http.views.keys import key_data
from trunkline.server.usecases import accounts, keys, workspaces
from trunkline.server.usecases.keys import KeyCreate, KeyPatch, KeyView

app = App(name="keys", help="Make, list, change and delete API keys.")
_HERE = In()
_COLUMNS = ("name", "label", "hash", "kind", "limit", "resets", "spent", "state", "expires", "created")
Workspace = Annotated[str | None, Parameter(help="Id or slug of the workspace; the default one if absent.")]
Management = Annotated[bool, Parameter(negative="", help="A management key instead of one for inference.")]
Everything = Annotated[bool, Parameter(name="--all", negative="", help="Also disabled and expired ones.")]
ONCE = "This is the only time that it is shown."


@app.command(name="list")
def list_(
    *, workspace: Workspace = None, everything: Everything = False, json: Json = False, place: In = _HERE
) -> None:
    """List keys, newest first.

    Example: `trunkline keys list --workspace research --all`
    """
    with office(place) as here:
        found = _listed(here, workspace, everything=everything)
        managing = accounts.management_keys(here.accounts, here.account.id) if workspace is None else []
    if json:
        show_json([key_data(view) for view in found])
        return
    show(_COLUMNS, [*map(_line, found), *map(_managing, managing)], right=("limit", "spent"))


@app.command
def create(
    name: str,
    *,
    limit: float | None = None,
    limit_reset: str | None = None,
    expires_at: str | None = None,
    creator: str | None = None,
    workspace: Workspace = None,
    management: Management = False,
    json: Json = False,
    place: In = _HERE,
) -> None:
    """Make a key and show it, once.

    Example: `trunkline keys create ci --limit 25 --limit-reset monthly`

    Parameters
    ----------
    name
        What people know it by.
    limit
        US dollars that it may spend.
    limit_reset
        When the limit begins anew: daily, weekly or monthly.
    expires_at
        Time in UTC, such as 2027-01-01T00:00:00Z.
    creator
        Id of the member on whose behalf it is made.
    """
    with office(place) as here:
        if management:
            made, secret = accounts.create_management_key(
                here.accounts, here.actor, name, clock=here.clock, entropy=here.entropy, creator_user_id=creator
            )
            view = None
        else:
            wanted = body(
                KeyCreate,
                name=name,
                limit=limit,
                limit_reset=limit_reset,
                expires_at=expires_at,
                creator_user_id=creator,
                workspace_id=_workspace_id(here, workspace),
            )
            view, secret = keys.create(here.accounts, here.actor, wanted, clock=here.clock, entropy=here.entropy)
            made = view.key
    if json:
        show_json({"key": secret, "hash": made.hash, **({} if view is None else {"data": key_data(view)})})
        return
    say(secret)
    say(f"{made.name}, hash {made.hash}. {ONCE}")


@app.command(name="show")
def show_(key: str, *, json: Json = False, place: In = _HERE) -> None:
    """Show a key with what it has spent.

    Example: `trunkline keys show ci`

    Parameters
    ----------
    key
        Name, label, hash or the first digits of the hash.
    """
    with office(place) as here:
        view = keys.get(here.accounts, here.account.id, find(here, key).hash, clock=here.clock)
    data = key_data(view)
    if json:
        show_json(data)
        return
    show(("", ""), [(name, text(getattr(data, name))) for name in data.__struct_fields__], headings=False)


@app.command(name="set")
def set_(key: str, *pairs: str, json: Json = False, place: In = _HERE) -> None:
    """Change a key.

    Example: `trunkline keys set ci disabled=true`

    Parameters
    ----------
    key
        Name, label, hash or the first digits of the hash.
    pairs
        name=value of name, disabled, limit, limit_reset, include_byok_in_limit, workspace_id; null removes.
    """
    with office(place) as here:
        view = keys.update(here.accounts, here.actor, find(here, key).hash, body(KeyPatch, pairs), clock=here.clock)
    if json:
        show_json(key_data(view))
        return
    show(_COLUMNS, [_line(view)], right=("limit", "spent"))


@app.command
def delete(key: str, *, place: In = _HERE) -> None:
    """Delete a key, for good.

    Example: `trunkline keys delete ci`

    Parameters
    ----------
    key
        Name, label, hash or the first digits of the hash.
    """
    with office(place) as here:
        found = find(here, key)
        if found.is_management:
            accounts.revoke_management_key(here.accounts, here.actor, found.hash, clock=here.clock)
        else:
            keys.delete(here.accounts, here.actor, found.hash, clock=here.clock)
    say(f"deleted {found.name} ({found.label})")


def find(here: Office, wanted: str) -> Key:
    """Return the key that a name, label, hash or the beginning of one means. Raises `SettingsError`."""
    with here.accounts.read() as store:
        rows: Sequence[Key] = store.keys.page(here.account.id)
    if form.is_key(wanted):
        wanted = form.digest(wanted)
    found: Key = matching(rows, wanted, "hash", "name", "label")
    return found


def _workspace_id(here: Office, reference: str | None) -> str | None:
    return None if reference is None else workspaces.get(here.accounts, here.account.id, reference).id


def _listed(here: Office, workspace: str | None, *, everything: bool) -> list[KeyView]:
    places = (
        [_workspace_id(here, workspace)]
        if workspace is not None
        else [row.id for row in workspaces.list_workspaces(here.accounts, here.account.id, EVERYTHING).data]
    )
    found: list[KeyView] = []
    for place in places:
        offset = 0
        while page := keys.list_keys(
            here.accounts,
            here.account.id,
            clock=here.clock,
            workspace_id=UUID(place),
            include_disabled=everything,
            include_expired=everything,
            offset=offset,
        ):
            found += page
            offset += len(page)
    return found


def _line(view: KeyView) -> tuple[str, ...]:
    key = view.key
    return (
        key.name,
        key.label,
        key.hash[:12],
        "inference",
        text(key.limit),
        text(key.limit_reset),
        text(view.spent.usage),
        "disabled" if key.disabled else "active",
        text(key.expires_at),
        text(key.created_at),
    )


def _managing(key: Key) -> tuple[str, ...]:
    return (key.name, key.label, key.hash[:12], "management", "-", "-", "-", "active", "-", text(key.created_at))
