"""One row per noun that accounts own: its table, its type, and what goes when it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Column
from sqlalchemy import Table as SqlTable

from trunkline.server.adapters.store import account_tables as tables
from trunkline.server.domain.policy.account import Account, Member
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.guardrail import Guardrail, KeyAssignment, MemberAssignment, default_guardrail_id
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.workspace import Workspace, WorkspaceBudget, WorkspaceMember

T = TypeVar("T", bound=Struct)
Values = dict[str, Any]

DOCUMENT: Final = "document"
MASK: Final = "***"


@dataclass(frozen=True)
class Noun(Generic[T]):
    """How one type is kept: fields that are columns as they are, all others as JSON in the column `document`.

    `owned` names nouns and the column through which they belong to this one: they are removed with it. `freed`
    likewise, but they stay and the column becomes NULL. `derived` columns are worked out from a row. `kept` columns
    are not written over by a change. `account_field` is the field that names the account, if there is one.
    """

    name: str
    type: type[T]
    table: SqlTable
    identity: str = "id"
    owned: Sequence[tuple[str, str]] = ()
    freed: Sequence[tuple[str, str]] = ()
    kept: frozenset[str] = frozenset()
    derived: dict[str, Callable[[T], Any]] = field(default_factory=dict)
    masked: Callable[[Values], Values] = dict
    account_field: str = "account_id"
    fields: tuple[str, ...] = field(init=False)
    columns: tuple[Column[Any], ...] = field(init=False)
    document: msgspec.json.Decoder[Any] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        pairs: list[tuple[str, Column[Any]]] = []
        rest: list[tuple[str, Any, Any]] = []
        for each in msgspec.structs.fields(self.type):
            column = "account_id" if each.name == self.account_field else each.name
            if column in self.table.c:
                pairs.append((each.name, self.table.c[column]))
            else:
                rest.append((each.name, each.type, each.default))
        if rest:
            pairs.append((DOCUMENT, self.table.c[DOCUMENT]))
            kind = msgspec.defstruct(f"{self.type.__name__}Document", rest, kw_only=True, omit_defaults=True)
            object.__setattr__(self, "document", msgspec.json.Decoder(kind))
        object.__setattr__(self, "fields", tuple(name for name, _ in pairs))
        object.__setattr__(self, "columns", tuple(column for _, column in pairs))

    def id_of(self, row: T) -> str:
        """Return a row's id."""
        return str(getattr(row, self.identity))

    def encode(self, account_id: str, row: T) -> Values:
        """Return the values of a row's columns."""
        pairs = zip(self.fields, self.columns, strict=True)
        values = {column.name: getattr(row, name) for name, column in pairs if name != DOCUMENT}
        values |= {name: derive(row) for name, derive in self.derived.items()}
        if "account_id" in self.table.c and values.setdefault("account_id", account_id) != account_id:
            raise ValueError(f"a {self.name} of another account")
        if self.document is not None:
            kind = self.document.type
            rest = kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
            values[DOCUMENT] = msgspec.json.encode(rest).decode()
        return values

    def decode(self, values: Sequence[Any]) -> T:
        """Return the row whose `columns` have these values."""
        fields = dict(zip(self.fields, values, strict=True))
        if self.document is not None:
            fields |= msgspec.structs.asdict(self.document.decode(fields.pop(DOCUMENT)))
        return self.type(**fields)

    def shown(self, row: T) -> Values:
        """Return a row as the audit trail shows it."""
        return self.masked(msgspec.to_builtins(row))


def _without_secrets(key: Values) -> Values:
    external = key["external_user"]
    if isinstance(external, dict) and "api_key" in external:
        return key | {"external_user": external | {"api_key": MASK}}
    return key


def _unsealed(credential: Values) -> Values:
    return credential | {"sealed": MASK}


ACCOUNTS: Final = Noun("account", Account, tables.ACCOUNTS)
MEMBERS: Final = Noun(
    "member",
    Member,
    tables.MEMBERS,
    owned=(("member_assignment", "user_id"), ("workspace_member", "user_id")),
)
WORKSPACES: Final = Noun(
    "workspace",
    Workspace,
    tables.WORKSPACES,
    owned=(
        ("guardrail", "workspace_id"),
        ("budget", "workspace_id"),
        ("workspace_member", "workspace_id"),
        ("byok", "workspace_id"),
    ),
    freed=(("key", "workspace_id"),),
    derived={"default_guardrail_id": lambda row: default_guardrail_id(row.id)},
)
WORKSPACE_MEMBERS: Final = Noun("workspace_member", WorkspaceMember, tables.WORKSPACE_MEMBERS)
BUDGETS: Final = Noun("budget", WorkspaceBudget, tables.BUDGETS)
KEYS: Final = Noun(
    "key",
    Key,
    tables.KEYS,
    identity="hash",
    owned=(("key_assignment", "key_hash"),),
    kept=frozenset({"last_used_at"}),
    masked=_without_secrets,
)
GUARDRAILS: Final = Noun(
    "guardrail",
    Guardrail,
    tables.GUARDRAILS,
    owned=(("key_assignment", "guardrail_id"), ("member_assignment", "guardrail_id")),
)
KEY_ASSIGNMENTS: Final = Noun("key_assignment", KeyAssignment, tables.KEY_ASSIGNMENTS)
MEMBER_ASSIGNMENTS: Final = Noun(
    "member_assignment", MemberAssignment, tables.MEMBER_ASSIGNMENTS, account_field="organization_id"
)
BYOK: Final = Noun("byok", Credential, tables.BYOK, masked=_unsealed)

NOUNS: Final[tuple[Noun[Any], ...]] = (
    ACCOUNTS,
    MEMBERS,
    WORKSPACES,
    WORKSPACE_MEMBERS,
    BUDGETS,
    KEYS,
    GUARDRAILS,
    KEY_ASSIGNMENTS,
    MEMBER_ASSIGNMENTS,
    BYOK,
)
"""Every noun, owners before what they own."""
