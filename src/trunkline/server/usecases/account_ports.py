"""The ports to what accounts own: keys, workspaces, guardrails, members, budgets, the ledger and the audit trail.

Everything below blocks; servers call it from a worker thread. Everything raises
`trunkline.server.errors.StoreUnavailable` when the store cannot be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from trunkline.server.domain.policy.account import Account, Member
from trunkline.server.domain.policy.audit import Actor, AuditEntry
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.guardrail import Guardrail, KeyAssignment, MemberAssignment
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.spend import Spent
from trunkline.server.domain.policy.workspace import Workspace, WorkspaceBudget, WorkspaceMember
from trunkline.server.usecases.ports import CallerStore, Clock

T = TypeVar("T")
Entropy = Callable[[int], bytes]
"""Returns that many secure random bytes; `secrets.token_bytes`."""


class Rows(Protocol[T]):
    """One noun's rows. Every call names the account, and sees no other account's rows.

    `where` maps attributes to a value that they must equal, or to a collection that must hold them.
    """

    def get(self, account_id: str, row_id: str) -> T | None:
        """Return a row by its id, None when this account has none of that id."""
        ...

    def page(
        self, account_id: str, *, where: Mapping[str, object] = ..., offset: int = 0, limit: int | None = None
    ) -> list[T]:
        """Return rows, newest first, then by id; all of them without a limit."""
        ...

    def count(self, account_id: str, *, where: Mapping[str, object] = ...) -> int:
        """Return how many rows there are."""
        ...


class Table(Rows[T], Protocol[T]):
    """One noun's rows inside a change. Each row that is written gets an entry in the audit trail."""

    def add(self, account_id: str, *rows: T) -> None:
        """Add rows. Raises `Conflict` when one is there already, or names what is not."""
        ...

    def replace(self, account_id: str, row: T) -> None:
        """Write a row over the one of the same id; without a difference nothing is written.

        Raises `NotFound` when there is none.
        """
        ...

    def remove(self, account_id: str, *row_ids: str) -> int:
        """Remove rows with all that they own, and return how many of those named there were."""
        ...


class KeyRows(Rows[Key], Protocol):
    """Keys by their hash."""

    def listed(
        self,
        account_id: str,
        workspace_id: str,
        at: datetime,
        *,
        include_disabled: bool,
        include_expired: bool,
        offset: int,
        limit: int,
    ) -> list[Key]:
        """Return a workspace's inference keys, newest first, without those disabled or expired unless included."""
        ...

    def active(self, account_id: str, at: datetime, where: Mapping[str, object]) -> list[Key]:
        """Return the inference keys that are neither disabled nor expired."""
        ...


class KeyTable(KeyRows, Table[Key], Protocol):
    """Keys inside a change."""


class AccountRows(Protocol):
    """The accounts themselves."""

    def get(self, account_id: str) -> Account | None:
        """Return an account."""
        ...

    def all(self) -> list[Account]:
        """Return every account, the first that was made first. For operators only."""
        ...


class AccountTable(AccountRows, Protocol):
    """Accounts inside a change."""

    def add(self, account: Account) -> None:
        """Add an account. Raises `Conflict` when it is there already."""
        ...

    def replace(self, account: Account) -> None:
        """Write an account over what it was. Raises `NotFound`."""
        ...


class AuditRows(Protocol):
    """The audit trail; entries are written by changes only, and never removed."""

    def page(
        self,
        account_id: str | None,
        *,
        noun: str | None = None,
        noun_id: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Return entries, newest first, with ids below `before`; None for the entries of all accounts."""
        ...


class Ledger(Protocol):
    """What was spent, kept by key, workspace, user and day."""

    def by_key(self, account_id: str, key_hashes: Iterable[str], now: datetime) -> dict[str, Spent]:
        """Return what each of these keys has spent, those without any traffic included."""
        ...

    def of(
        self,
        account_id: str,
        now: datetime,
        *,
        workspace_id: str | None = None,
        user_id: str | None = None,
    ) -> Spent:
        """Return what an account has spent, only in a workspace or only by a user where these are given."""
        ...


class Reader(Protocol):
    """One unchanging state of everything that accounts own."""

    @property
    def accounts(self) -> AccountRows: ...
    @property
    def members(self) -> Rows[Member]: ...
    @property
    def keys(self) -> KeyRows: ...
    @property
    def workspaces(self) -> Rows[Workspace]: ...
    @property
    def workspace_members(self) -> Rows[WorkspaceMember]: ...
    @property
    def budgets(self) -> Rows[WorkspaceBudget]: ...
    @property
    def guardrails(self) -> Rows[Guardrail]: ...
    @property
    def key_assignments(self) -> Rows[KeyAssignment]: ...
    @property
    def member_assignments(self) -> Rows[MemberAssignment]: ...
    @property
    def byok(self) -> Rows[Credential]: ...
    @property
    def audit(self) -> AuditRows: ...
    @property
    def ledger(self) -> Ledger: ...


class Writer(Reader, Protocol):
    """A change in progress: nobody else changes anything until it ends, and an exception undoes all of it."""

    @property
    def now(self) -> datetime:
        """Return when the change began: the time of all that it writes."""
        ...

    @property
    def actor(self) -> Actor: ...
    @property
    def accounts(self) -> AccountTable: ...
    @property
    def members(self) -> Table[Member]: ...
    @property
    def keys(self) -> KeyTable: ...
    @property
    def workspaces(self) -> Table[Workspace]: ...
    @property
    def workspace_members(self) -> Table[WorkspaceMember]: ...
    @property
    def budgets(self) -> Table[WorkspaceBudget]: ...
    @property
    def guardrails(self) -> Table[Guardrail]: ...
    @property
    def key_assignments(self) -> Table[KeyAssignment]: ...
    @property
    def member_assignments(self) -> Table[MemberAssignment]: ...
    @property
    def byok(self) -> Table[Credential]: ...


class Accounts(CallerStore, Protocol):
    """Everything that accounts own, in one store."""

    def read(self) -> AbstractContextManager[Reader]:
        """Look at one unchanging state."""
        ...

    def change(self, actor: Actor, clock: Clock) -> AbstractContextManager[Writer]:
        """Change rows: all at the end of the block or, on an exception, none.

        With the rows go their audit entries and a new epoch. A block that writes nothing leaves the epoch alone.
        """
        ...

    def touch(self, used: Mapping[str, datetime]) -> None:
        """Note when keys were last used, by hash. No change in the sense of audit and epoch."""
        ...


class Vault(Protocol):
    """Where secrets of others are encrypted before they are kept."""

    def seal(self, secret: str, about: str) -> str:
        """Return a secret encrypted, to be opened only with the same `about`.

        Raises `BadRequest` on a server that has no key to encrypt with.
        """
        ...

    def renew(self, sealed: str, about: str) -> str:
        """Return an encrypted secret under the newest key, unchanged where it is. Raises `Unreadable`."""
        ...


class Catalogued(Protocol):
    """The catalogue's part in guardrails: which models and providers there are."""

    def models(self, items: Sequence[str], path: str, *, routers: bool = False) -> tuple[str, ...]:
        """Return (variant) canonical slugs without duplicates, of routers too where they are accepted.

        Raises `BadRequest` with an issue for each bad item.
        """
        ...

    def providers(self, items: Sequence[str], path: str) -> tuple[str, ...]:
        """Return provider items without duplicates. Raises `BadRequest` with an issue for each unknown one."""
        ...
