"""`trunkline members`: the people of an organisation."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from trunkline.cli.flags import In
from trunkline.cli.pairs import body
from trunkline.cli.tables import show
from trunkline.cli.tenancy import EVERYTHING, Json, matching, office, say, show_json, text
from trunkline.server.http.schemas_organization import OrganizationMember
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases import members
from trunkline.server.usecases.members import MemberCreate

app = App(name="members", help="Add, list and remove the members of an organisation.")
_HERE = In()
_COLUMNS = ("id", "email", "role", "name", "since")


@app.command(name="list")
def list_(*, json: Json = False, place: In = _HERE) -> None:
    """List members.

    Example: `trunkline members list`
    """
    with office(place) as here:
        rows = members.list_members(here.accounts, here.account.id, EVERYTHING).data
    if json:
        show_json([fill(OrganizationMember, row) for row in rows])
        return
    names = {row.id: " ".join(part for part in (row.first_name, row.last_name) if part) for row in rows}
    show(_COLUMNS, [(row.id, row.email, row.role, names[row.id] or "-", text(row.created_at)) for row in rows])


@app.command
def add(
    email: str,
    *,
    user_id: Annotated[str | None, Parameter(name="--id")] = None,
    admin: Annotated[bool, Parameter(negative="")] = False,
    first_name: str | None = None,
    last_name: str | None = None,
    json: Json = False,
    place: In = _HERE,
) -> None:
    """Add a member.

    Example: `trunkline members add ada@example.com --admin`

    Parameters
    ----------
    email
        Their address.
    user_id
        Id by which they are known elsewhere; one is made if absent.
    admin
        Make them an administrator.
    """
    with office(place) as here:
        wanted = body(
            MemberCreate,
            email=email,
            id=user_id,
            role="org:admin" if admin else "org:member",
            first_name=first_name,
            last_name=last_name,
        )
        made = members.add(here.accounts, here.actor, wanted, clock=here.clock, entropy=here.entropy)
    if json:
        show_json(fill(OrganizationMember, made))
    else:
        say(f"added {made.email} ({made.id})")


@app.command
def remove(member: str, *, disable_keys: Annotated[bool, Parameter(negative="")] = False, place: In = _HERE) -> None:
    """Remove a member from the organisation, its workspaces and their guardrail.

    Example: `trunkline members remove ada@example.com --disable-keys`

    Parameters
    ----------
    member
        Address or id.
    disable_keys
        Disable the active keys of the member; without it they are a reason to refuse.
    """
    with office(place) as here:
        rows = members.list_members(here.accounts, here.account.id, EVERYTHING).data
        user_id = matching(rows, member, "id", "email").id
        members.remove(here.accounts, here.actor, user_id, clock=here.clock, disable_keys=disable_keys)
    say(f"removed {member}")
