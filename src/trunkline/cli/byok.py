"""`trunkline byok`: an account's own keys at providers."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated, Final

from cyclopts import App, Parameter

from trunkline.cli.flags import In
from trunkline.cli.pairs import body
from trunkline.cli.tables import show
from trunkline.cli.tenancy import EVERYTHING, Json, Office, matching, office, say, show_json, text
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.errors import SettingsError, TrunklineError
from trunkline.server.http.views import byok as view
from trunkline.server.settings import variables
from trunkline.server.usecases import byok, workspaces
from trunkline.server.usecases.byok import LONGEST_SECRET, ByokCreate

app = App(name="byok", help="Bring, list and remove an account's own keys at providers.")
VARIABLE: Final = "TRUNKLINE_BYOK_KEY"
"""Where `add` looks for the key before it asks."""
_HERE = In()
Workspace = Annotated[str | None, Parameter(help="Id or slug of the workspace; the default one if absent.")]
Everywhere = Annotated[bool, Parameter(negative="", help="For every workspace of the account.")]


@app.command(name="list")
def list_(*, workspace: Workspace = None, provider: str | None = None, json: Json = False, place: In = _HERE) -> None:
    """List own keys at providers, never the keys themselves.

    Example: `trunkline byok list --provider openai`

    Parameters
    ----------
    provider
        Only those for this provider.
    """
    with office(place) as here:
        rows = _rows(here, workspace, provider)
    if json:
        show_json([view.credential(row) for row in rows])
        return
    show(
        ("provider", "label", "name", "id", "workspace", "order", "state"),
        [
            (
                row.provider,
                row.label,
                text(row.name),
                row.id,
                row.workspace_id or "all",
                str(row.sort_order),
                _state(row),
            )
            for row in rows
        ],
    )


@app.command
def add(
    provider: str,
    *pairs: str,
    workspace: Workspace = None,
    everywhere: Everywhere = False,
    json: Json = False,
    place: In = _HERE,
) -> None:
    """Bring an own key at a provider: from TRUNKLINE_BYOK_KEY, from standard input, or asked for on a terminal.

    Example: `trunkline byok add openai name=production < key.txt`

    Parameters
    ----------
    provider
        The provider's slug, such as openai.
    pairs
        name=value of name, disabled, is_fallback, is_required, is_byok_only, declared_zdr, declared_region,
        allowed_models, allowed_api_key_hashes, allowed_user_ids.
    """
    if any(pair.startswith("key=") for pair in pairs):
        raise SettingsError("the key is not typed on the command line, where others can see it")
    secret = _secret(provider)
    with office(place) as here:
        named = None if workspace is None else _workspace(here, workspace)
        wanted = body(ByokCreate, pairs, provider=provider, key=secret, workspace_id=named)
        made = byok.create(
            here.accounts,
            here.actor,
            wanted,
            clock=here.clock,
            entropy=here.entropy,
            vault=here.vault(),
            catalogued=here.items(),
            reachable=here.reachable(),
            everywhere=everywhere,
        )
    if json:
        show_json(view.credential(made))
    else:
        say(f"added {made.label} for {made.provider} ({made.id})")


@app.command
def remove(credential: str, *, workspace: Workspace = None, place: In = _HERE) -> None:
    """Remove an own key at a provider, for good.

    Example: `trunkline byok remove production`

    Parameters
    ----------
    credential
        Id, or name.
    """
    with office(place) as here:
        found = matching(_rows(here, workspace, None), credential, "id", "name")
        byok.delete(here.accounts, here.actor, found.id, clock=here.clock)
    say(f"removed {found.label} for {found.provider} ({found.id})")


@app.command
def reseal(*, place: In = _HERE) -> None:
    """Encrypt all own keys anew under the first key of secret_key, so that older ones can go.

    Example: `TRUNKLINE_SECRET_KEY=new,old trunkline byok reseal`
    """
    with office(place) as here:
        done = byok.reseal(here.accounts, here.actor, clock=here.clock, vault=here.vault())
    for row, reason in done.unreadable:
        say(f"{row.label} for {row.provider} ({row.id}) cannot be read: {reason}")
    say(f"encrypted {done.renewed} keys anew")
    if done.unreadable:
        raise TrunklineError("keys that cannot be read have to be entered again")


def _rows(here: Office, workspace: str | None, provider: str | None) -> list[Credential]:
    place = None if workspace is None else _workspace(here, workspace)
    return byok.list_credentials(here.accounts, here.account.id, EVERYTHING, workspace_id=place, provider=provider).data


def _workspace(here: Office, reference: str) -> str:
    return workspaces.get(here.accounts, here.account.id, reference).id


def _secret(provider: str) -> str:
    if found := variables((VARIABLE,)).get(VARIABLE):
        return found
    if sys.stdin.isatty():
        secret = getpass.getpass(f"Key for {provider} (not shown): ")
    else:
        secret = sys.stdin.read(LONGEST_SECRET + 2).removesuffix("\n").removesuffix("\r")
    if not secret:
        raise SettingsError(f"no key: set {VARIABLE}, or write it to standard input")
    return secret


def _state(row: Credential) -> str:
    states = (
        ("off", row.disabled),
        ("fallback", row.is_fallback),
        ("required", row.is_required),
        ("only", row.is_byok_only),
    )
    return ", ".join(word for word, holds in states if holds) or "on"
