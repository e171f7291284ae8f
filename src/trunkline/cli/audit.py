"""`trunkline audit`: who changed what, when and from where."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from trunkline.cli.flags import In
from trunkline.cli.tables import show
from trunkline.cli.tenancy import Json, office, show_json, text
from trunkline.server.domain.policy.audit import AuditEntry
from trunkline.server.http.views.accounts import entry
from trunkline.server.usecases import audit as usecase

_HERE = In()


def audit(
    *,
    noun: Annotated[str | None, Parameter(help="Only rows of this kind, such as key.")] = None,
    noun_id: Annotated[str | None, Parameter(name="--id", help="Only the row of this id.")] = None,
    before: Annotated[int | None, Parameter(help="Only entries with lower numbers.")] = None,
    limit: Annotated[int, Parameter(help="How many.")] = 50,
    json: Json = False,
    place: In = _HERE,
) -> None:
    """List what was changed, newest first.

    Example: `trunkline audit --noun guardrail --limit 10`
    """
    with office(place) as here:
        found = usecase.entries(here.accounts, here.account.id, noun=noun, noun_id=noun_id, before=before, limit=limit)
    if json:
        show_json([entry(row) for row in found])
        return
    show(
        ("number", "when", "who", "from", "what", "row", "changed"),
        [
            (
                str(row.id),
                text(row.at),
                row.actor.name,
                row.actor.address or row.actor.via,
                f"{row.action} {row.noun}",
                row.noun_id[:36],
                _difference(row),
            )
            for row in found
        ],
        right=("number",),
    )


def _difference(row: AuditEntry) -> str:
    before, after = _flat(row.before or {}), _flat(row.after or {})
    if row.before is None or row.after is None:
        return text((after or before).get("name"))
    names = dict.fromkeys((*before, *after))
    changed = [name for name in names if before.get(name) != after.get(name) and name != "updated_at"]
    return "; ".join(f"{name}: {text(before.get(name))} -> {text(after.get(name))}" for name in changed)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    inner = [value for value in row.values() if isinstance(value, dict)]
    return {name: value for part in (row, *inner) for name, value in part.items() if not isinstance(value, dict)}
