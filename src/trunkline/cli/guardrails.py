"""`trunkline guardrails`: sets of restrictions, what they are assigned to, and what they would leave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from trunkline.cli.flags import In
from trunkline.cli.keys import find as find_key
from trunkline.cli.pairs import body
from trunkline.cli.tables import show
from trunkline.cli.tenancy import EVERYTHING, Json, Office, matching, office, say, show_json, text
from trunkline.server.domain.policy.guardrail import Guardrail, default_guardrail_id
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.errors import NotFound
from trunkline.server.http.views import explanations as explained
from trunkline.server.http.views import guardrails as view
from trunkline.server.usecases import assignments, explanations, guardrails, workspaces
from trunkline.server.usecases.assignments import KeyHashes, MemberIds
from trunkline.server.usecases.explanations import GuardrailPreview
from trunkline.server.usecases.guardrail_bodies import GuardrailCreate, GuardrailPatch

app = App(name="guardrails", help="Make, change and assign guardrails, and see what they would leave.")
_HERE = In()
File = Annotated[Path | None, Parameter(help="TOML file with the settings.")]
Keys = Annotated[tuple[str, ...], Parameter(name="--key", help="Name or hash of a key; may be repeated.")]
Members = Annotated[tuple[str, ...], Parameter(name="--member", help="Id of a member; may be repeated.")]


@app.command(name="list")
def list_(*, json: Json = False, place: In = _HERE) -> None:
    """List guardrails.

    Example: `trunkline guardrails list --json`
    """
    with office(place) as here:
        rows = guardrails.list_guardrails(here.accounts, here.account.id, EVERYTHING).data
    if json:
        show_json([view.guardrail(row) for row in rows])
        return
    show(("name", "id", "restricts", "budget"), [(row.name, row.id, _restricts(row), _budget(row)) for row in rows])


@app.command(name="show")
def show_(guardrail: str, *, json: Json = False, place: In = _HERE) -> None:
    """Show a guardrail and what is under it.

    Example: `trunkline guardrails show research`

    Parameters
    ----------
    guardrail
        Name or id; `default:SLUG` for the default guardrail of a workspace.
    """
    with office(place) as here:
        found = guardrails.get(here.accounts, here.account.id, find(here, guardrail))
        keys = assignments.list_keys(here.accounts, here.account.id, found.id, EVERYTHING).data
        members = assignments.list_members(here.accounts, here.account.id, found.id, EVERYTHING).data
    shown = view.guardrail(found)
    if json:
        show_json(shown)
        return
    rows = [(name, text(value)) for name in shown.__struct_fields__ if (value := getattr(shown, name)) is not None]
    rows.append(("keys", text([row.key_name for row in keys])))
    rows.append(("members", text([row.user_id for row in members])))
    show(("", ""), rows, headings=False)


@app.command
def create(name: str, *pairs: str, file: File = None, json: Json = False, place: In = _HERE) -> None:
    """Make a guardrail. It governs nothing until it is assigned.

    Example: `trunkline guardrails create research allowed_providers=azure,google-vertex enforce_zdr_other=true`

    Parameters
    ----------
    name
        What people know it by.
    pairs
        name=value of its settings; lists with commas.
    """
    with office(place) as here:
        made = guardrails.create(
            here.accounts,
            here.actor,
            body(GuardrailCreate, pairs, file, name=name),
            clock=here.clock,
            entropy=here.entropy,
            catalogued=here.items(),
        )
    _done("made", made, json=json)


@app.command(name="set")
def set_(guardrail: str, *pairs: str, file: File = None, json: Json = False, place: In = _HERE) -> None:
    """Change a guardrail, also the default one of a workspace.

    Example: `trunkline guardrails set default:team ignored_models=openai/gpt-4 allowed_providers=null`

    Parameters
    ----------
    guardrail
        Name or id; `default:SLUG` for the default guardrail of a workspace.
    pairs
        name=value of its settings; lists with commas, null removes.
    """
    with office(place) as here:
        changed = guardrails.update(
            here.accounts,
            here.actor,
            find(here, guardrail),
            body(GuardrailPatch, pairs, file),
            clock=here.clock,
            catalogued=here.items(),
        )
    _done("changed", changed, json=json)


@app.command
def delete(guardrail: str, *, place: In = _HERE) -> None:
    """Delete a guardrail with its assignments.

    Example: `trunkline guardrails delete research`

    Parameters
    ----------
    guardrail
        Name or id; `default:SLUG` for the default guardrail of a workspace.
    """
    with office(place) as here:
        guardrails.delete(here.accounts, here.actor, find(here, guardrail), clock=here.clock)
    say(f"deleted {guardrail}")


@app.command
def assign(guardrail: str, *, key: Keys = (), member: Members = (), place: In = _HERE) -> None:
    """Put keys and members under a guardrail, in place of an earlier one.

    Example: `trunkline guardrails assign research --key ci --member user_ada`

    Parameters
    ----------
    guardrail
        Name or id.
    """
    with office(place) as here:
        to, counts = find(here, guardrail), [0, 0]
        if key:
            hashes = KeyHashes(key_hashes=[find_key(here, one).hash for one in key])
            counts[0] = assignments.assign_keys(
                here.accounts, here.actor, to, hashes, clock=here.clock, entropy=here.entropy
            )
        if member:
            users = MemberIds(member_user_ids=list(member))
            counts[1] = assignments.assign_members(
                here.accounts, here.actor, to, users, clock=here.clock, entropy=here.entropy
            )
    say("assigned: {} keys, {} members".format(*counts))


@app.command
def unassign(guardrail: str, *, key: Keys = (), member: Members = (), place: In = _HERE) -> None:
    """Take keys and members from a guardrail.

    Example: `trunkline guardrails unassign research --key ci`

    Parameters
    ----------
    guardrail
        Name or id.
    """
    with office(place) as here:
        of, counts = find(here, guardrail), [0, 0]
        if key:
            hashes = KeyHashes(key_hashes=[find_key(here, one).hash for one in key])
            counts[0] = assignments.unassign_keys(here.accounts, here.actor, of, hashes, clock=here.clock)
        if member:
            users = MemberIds(member_user_ids=list(member))
            counts[1] = assignments.unassign_members(here.accounts, here.actor, of, users, clock=here.clock)
    say("taken away: {} keys, {} members".format(*counts))


@app.command
def preview(
    *pairs: str,
    guardrail: str | None = None,
    key: Keys = (),
    member: Members = (),
    file: File = None,
    json: Json = False,
    place: In = _HERE,
) -> None:
    """Tell what a guardrail that is not saved yet would leave to which keys.

    Example: `trunkline guardrails preview allowed_providers=azure --key ci`

    Parameters
    ----------
    pairs
        name=value of its settings; lists with commas.
    guardrail
        Name or id of one that would be changed: for those whom it governs.
    """
    with office(place) as here:
        wanted = body(
            GuardrailPreview,
            pairs,
            file,
            guardrail_id=None if guardrail is None else find(here, guardrail),
            key_hashes=[find_key(here, one).hash for one in key] or None,
            member_user_ids=list(member) or None,
        )
        found = explanations.preview_guardrail(
            here.accounts,
            here.snapshot(),
            here.account.id,
            wanted,
            catalogued=here.items(),
            clock=here.clock,
            records=here.records(),
            credentials=here.credentials(),
        )
    if json:
        show_json([explained.left(row) for row in found])
        return
    for row in found:
        say(f"{row.remaining}, {row.remaining.endpoints} of {row.remaining.of_endpoints} endpoints")
        say(f"  keys: {', '.join(one.name for one in row.keys)}")
        say(f"  lost: {', '.join(row.remaining.lost) or 'none'}")
        if row.remaining.gained:
            say(f"  gained: {', '.join(row.remaining.gained)}")
        for one in row.keys:
            for missed in row.missed.get(one.hash, ()):
                say(f"  {one.name} called {missed.model} {missed.requests} times, on {missed.last_used} last")


def find(here: Office, wanted: str) -> str:
    """Return the id of the guardrail that a name, id or `default:SLUG` means. Raises `SettingsError`, `NotFound`."""
    prefix, _, slug = wanted.partition(":")
    if prefix == "default" and slug:
        try:
            return default_guardrail_id(workspaces.get(here.accounts, here.account.id, slug).id)
        except NotFound:
            raise NotFound(f"there is no workspace {slug}") from None
    rows = guardrails.list_guardrails(here.accounts, here.account.id, EVERYTHING).data
    found: str = matching(rows, wanted, "id", "name").id
    return found


def _done(what: str, guardrail: Guardrail, *, json: bool) -> None:
    if json:
        show_json(view.guardrail(guardrail))
    else:
        say(f"{what} {guardrail.name} ({guardrail.id}): {_restricts(guardrail)}")


def _restricts(row: Guardrail) -> str:
    stated = [(name, getattr(row, name)) for name in Restrictions.__struct_fields__]
    return "; ".join(f"{name} {text(value)}" for name, value in stated if value is not None) or "nothing"


def _budget(row: Guardrail) -> str:
    return "-" if row.limit_usd is None else f"${row.limit_usd} {row.reset_interval}"
