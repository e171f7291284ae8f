"""The account that a command works in: the home's store, which account, who acts, and how answers are printed."""

from __future__ import annotations

import getpass
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from trunkline.cli.flags import In, Place
from trunkline.cli.serve import prepare_home
from trunkline.server.adapters.store.database import Database
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.account import Account
from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.domain.policy.merge import Items
from trunkline.server.errors import BadRequest, NotFound, SettingsError, TrunklineError
from trunkline.server.settings import Settings
from trunkline.server.usecases import accounts
from trunkline.server.usecases.account_ports import Accounts, Entropy, Vault
from trunkline.server.usecases.bodies import Paging
from trunkline.server.usecases.gateway_ports import Records

Json = Annotated[bool, Parameter(negative="", help="Print JSON.")]
EVERYTHING = Paging(0, 1_000_000)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Office:
    """An account of an open store, and the operator who works in it."""

    database: Database
    account: Account
    settings: Settings
    clock: Callable[[], float] = time.time
    entropy: Entropy = secrets.token_bytes

    @property
    def accounts(self) -> Accounts:
        """Everything that accounts own."""
        return self.database.accounts

    @property
    def actor(self) -> Actor:
        """The operator, for the audit trail."""
        return operator(self.account.id)

    def snapshot(self) -> Snapshot:
        """Return the home's catalogue."""
        from trunkline.server.runtime import newest

        return newest(self.database, self.clock, self.settings)

    def credentials(self) -> frozenset[str] | None:
        """Return the providers that can be called, None where none is configured."""
        from trunkline.server.runtime import read_configuration

        return read_configuration(self.settings).targets.usable() or None

    def records(self) -> Records:
        """Return what was called, as far as running servers have written it."""
        from trunkline.server.adapters.store.generations import SqlRecords

        return SqlRecords(self.database.engine)

    def reachable(self) -> frozenset[str]:
        """Return the providers that can be called with an account's own key."""
        from trunkline.server.runtime import read_configuration

        return read_configuration(self.settings).targets.reachable()

    def vault(self) -> Vault:
        """Return what encrypts accounts' own keys at providers."""
        from trunkline.server.runtime import vault_of

        return vault_of(self.settings)

    def items(self) -> Items:
        """Return what lists of models and providers may name."""
        return Items(self.snapshot(), frozenset((self.account.id,)))


def operator(account_id: str) -> Actor:
    """Return the user of this machine as one who changes something in an account."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    return Actor(account_id=account_id, via=Via.CLI, name=name)


@contextmanager
def opened(place: Place) -> Iterator[Database]:
    """Open the home's store; what a request would be refused for becomes one line for people."""
    from trunkline.server.runtime import open_home

    settings = place.load().settings
    prepare_home(settings.home)
    database = open_home(settings)
    try:
        yield database
    except BadRequest as refused:
        raise SettingsError(
            "; ".join(f"{one.path}: {one.message}" for one in refused.issues) or refused.message
        ) from None
    except NotFound as missing:
        unnamed = missing.message == NotFound.message
        raise TrunklineError("there is no such row in this account" if unnamed else missing.message) from None
    finally:
        database.close()


@contextmanager
def office(place: In) -> Iterator[Office]:
    """Open the home's store for work in the account that the flags name. Raises `SettingsError` where none is meant."""
    with opened(place) as database:
        yield Office(database, _chosen(accounts.list_accounts(database.accounts), place.account), place.load().settings)


def _chosen(found: Sequence[Account], wanted: str | None) -> Account:
    named = [row for row in found if wanted is None or wanted in {row.id, row.name}]
    if len(named) == 1:
        return named[0]
    if not found:
        raise SettingsError("there is no account yet: trunkline account create NAME makes one")
    listed = ", ".join(f"{row.name} ({row.id})" for row in (named or found))
    raise SettingsError(f"--account: expected one of {listed}")


def matching(rows: Sequence[Any], wanted: str, *names: str) -> Any:
    """Return the one row that has a text as, or its id or hash begin with, one of some attributes.

    Raises `SettingsError` for none and for several.
    """
    exact = [row for row in rows if any(getattr(row, name) == wanted for name in names)]
    found = exact or [row for row in rows if len(wanted) >= 6 and str(getattr(row, names[0])).startswith(wanted)]
    if len(found) != 1:
        raise SettingsError(f"{len(found) or 'no'} rows of this account are named {wanted}")
    return found[0]


def show_json(value: Any) -> None:
    """Print a value as the API would answer it."""
    sys.stdout.write(msgspec.json.format(_ENCODER.encode(value), indent=2).decode() + "\n")


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(line + "\n")


def text(value: object) -> str:
    """Return a value as a table cell shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)
