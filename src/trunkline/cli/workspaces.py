"""`trunkline workspaces`: groups of keys with their budgets and members."""

from __future__ import annotations

from cyclopts import App

from trunkline.cli.flags import In
from trunkline.cli.pairs import body
from trunkline.cli.tables import show
from trunkline.cli.tenancy import EVERYTHING, Json, office, say, show_json, text
from trunkline.server.http.views import workspaces as view
from trunkline.server.usecases import budgets, workspace_members, workspaces
from trunkline.server.usecases.budgets import BudgetPut
from trunkline.server.usecases.workspace_members import UserIds
from trunkline.server.usecases.workspaces import WorkspaceCreate, WorkspacePatch

app = App(name="workspaces", help="Make, change and delete workspaces, their budgets and members.")
_HERE = In()


@app.command(name="list")
def list_(*, json: Json = False, place: In = _HERE) -> None:
    """List workspaces.

    Example: `trunkline workspaces list`
    """
    with office(place) as here:
        rows = workspaces.list_workspaces(here.accounts, here.account.id, EVERYTHING).data
    if json:
        show_json([view.workspace(row) for row in rows])
        return
    show(("slug", "name", "id", "created"), [(row.slug, row.name, row.id, text(row.created_at)) for row in rows])


@app.command(name="show")
def show_(workspace: str, *, json: Json = False, place: In = _HERE) -> None:
    """Show a workspace with its budgets and members.

    Example: `trunkline workspaces show team`

    Parameters
    ----------
    workspace
        Id or slug.
    """
    with office(place) as here:
        found = workspaces.get(here.accounts, here.account.id, workspace)
        limits = budgets.list_budgets(here.accounts, here.account.id, workspace).data
        members = workspace_members.list_members(here.accounts, here.account.id, workspace, EVERYTHING).data
    shown = view.workspace(found)
    if json:
        show_json(shown)
        return
    rows = [(name, text(getattr(shown, name))) for name in shown.__struct_fields__]
    rows.append(("budgets", text([f"${row.limit_usd} {row.interval}" for row in limits])))
    rows.append(("members", text([f"{row.user_id} ({row.role})" for row in members])))
    show(("", ""), rows, headings=False)


@app.command
def create(slug: str, *pairs: str, name: str | None = None, json: Json = False, place: In = _HERE) -> None:
    """Make a workspace.

    Example: `trunkline workspaces create team --name "The team"`

    Parameters
    ----------
    slug
        Its short name, in lower-case letters, digits and hyphens.
    pairs
        name=value of its settings.
    name
        What people know it by; the slug if absent.
    """
    with office(place) as here:
        wanted = body(WorkspaceCreate, pairs, slug=slug, name=name or slug)
        made = workspaces.create(here.accounts, here.actor, wanted, clock=here.clock, entropy=here.entropy)
    if json:
        show_json(view.workspace(made))
    else:
        say(f"made {made.slug} ({made.id})")


@app.command(name="set")
def set_(workspace: str, *pairs: str, json: Json = False, place: In = _HERE) -> None:
    """Change a workspace.

    Example: `trunkline workspaces set team default_text_model=openai/gpt-4`

    Parameters
    ----------
    workspace
        Id or slug.
    pairs
        name=value of its settings; null removes.
    """
    with office(place) as here:
        changed = workspaces.update(here.accounts, here.actor, workspace, body(WorkspacePatch, pairs), clock=here.clock)
    if json:
        show_json(view.workspace(changed))
    else:
        say(f"changed {changed.slug} ({changed.id})")


@app.command
def delete(workspace: str, *, confirm_default: bool = False, place: In = _HERE) -> None:
    """Delete a workspace with its budgets and guardrails; refused while keys in it are active.

    Example: `trunkline workspaces delete team`

    Parameters
    ----------
    workspace
        Id or slug.
    confirm_default
        Delete the default workspace too.
    """
    with office(place) as here:
        workspaces.delete(here.accounts, here.actor, workspace, clock=here.clock, confirm_default=confirm_default)
    say(f"deleted {workspace}")


@app.command
def budget(workspace: str, interval: str, limit: str, *, place: In = _HERE) -> None:
    """Set what a workspace may spend in an interval, or remove that.

    Example: `trunkline workspaces budget team monthly 500`

    Parameters
    ----------
    workspace
        Id or slug.
    interval
        daily, weekly, monthly or lifetime.
    limit
        US dollars; null removes the budget.
    """
    with office(place) as here:
        if limit in {"null", "none"}:
            budgets.delete(here.accounts, here.actor, workspace, interval, clock=here.clock)
            say(f"removed the {interval} budget")
            return
        wanted = body(BudgetPut, [f"limit_usd={limit}"])
        row = budgets.put(
            here.accounts, here.actor, workspace, interval, wanted, clock=here.clock, entropy=here.entropy
        ).data
    say(f"${row.limit_usd} {row.interval}")


@app.command
def add_members(workspace: str, *users: str, place: In = _HERE) -> None:
    """Put members of the organisation into a workspace.

    Example: `trunkline workspaces add-members team user_ada user_grace`

    Parameters
    ----------
    workspace
        Id or slug.
    users
        Ids of members.
    """
    with office(place) as here:
        wanted = body(UserIds, user_ids=list(users))
        added = workspace_members.add(
            here.accounts, here.actor, workspace, wanted, clock=here.clock, entropy=here.entropy
        )
    say(f"added {len(added)} members")


@app.command
def remove_members(workspace: str, *users: str, place: In = _HERE) -> None:
    """Take members out of a workspace; refused for those with active keys in it.

    Example: `trunkline workspaces remove-members team user_ada`

    Parameters
    ----------
    workspace
        Id or slug.
    users
        Ids of members.
    """
    with office(place) as here:
        wanted = body(UserIds, user_ids=list(users))
        count = workspace_members.remove(here.accounts, here.actor, workspace, wanted, clock=here.clock)
    say(f"removed {count} members")
