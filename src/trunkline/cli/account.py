"""`trunkline account`: accounts, and what each restricts for all of its keys."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from trunkline.cli.flags import In
from trunkline.cli.keys import ONCE
from trunkline.cli.pairs import body
from trunkline.cli.tables import show
from trunkline.cli.tenancy import Json, office, opened, operator, say, show_json, text
from trunkline.server.http.views import accounts as view
from trunkline.server.usecases import accounts, bodies
from trunkline.server.usecases.accounts import AccountCreate, AccountPatch

app = App(name="account", help="Make accounts, and set what each restricts for all of its keys.")
_HERE = In()


@app.command(name="list")
def list_(*, json: Json = False, place: In = _HERE) -> None:
    """List accounts.

    Example: `trunkline account list`
    """
    with opened(place) as database:
        rows = accounts.list_accounts(database.accounts)
    if json:
        show_json([view.account(row) for row in rows])
        return
    show(("name", "id", "kind", "created"), [(row.name, row.id, row.kind, text(row.created_at)) for row in rows])


@app.command
def create(
    name: str, *, personal: Annotated[bool, Parameter(negative="")] = False, json: Json = False, place: In = _HERE
) -> None:
    """Make an account with a management key, and show the key, once.

    Example: `trunkline account create acme`

    Parameters
    ----------
    name
        What people know it by.
    personal
        An account of one person, without members.
    """
    with opened(place) as database:
        wanted = body(AccountCreate, name=name, kind="personal" if personal else "organization")
        actor = operator(bodies.new_id(secrets.token_bytes))
        made = accounts.create(database.accounts, actor, wanted, clock=time.time, entropy=secrets.token_bytes)
    if json:
        show_json({"data": view.account(made.account), "key": made.text})
        return
    say(made.text)
    say(f"the management key of {made.account.name} ({made.account.id}). {ONCE}")


@app.command(name="show")
def show_(*, json: Json = False, place: In = _HERE) -> None:
    """Show an account with what it restricts.

    Example: `trunkline account show --account acme`
    """
    with office(place) as here:
        shown = view.account(here.account)
    if json:
        show_json(shown)
        return
    show(("", ""), [(name, text(getattr(shown, name))) for name in shown.__struct_fields__], headings=False)


@app.command(name="set")
def set_(
    *pairs: str,
    file: Annotated[Path | None, Parameter(help="TOML file with the settings.")] = None,
    json: Json = False,
    place: In = _HERE,
) -> None:
    """Change an account, and what it restricts for all of its keys.

    Example: `trunkline account set enable_paid_model_training=true ignored_providers=deepseek regions=eu`

    Parameters
    ----------
    pairs
        name=value of its settings; lists with commas, null removes.
    """
    with office(place) as here:
        changed = accounts.update(
            here.accounts, here.actor, body(AccountPatch, pairs, file), clock=here.clock, catalogued=here.items()
        )
    shown = view.account(changed)
    if json:
        show_json(shown)
        return
    show(("", ""), [(name, text(getattr(shown, name))) for name in shown.__struct_fields__], headings=False)
