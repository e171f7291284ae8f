"""What one generation takes from limits, budgets and credits (spec 2.10, 5.9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import Struct

from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.generation.cost import pico
from trunkline.server.domain.generation.record import GenerationRecord


class Scope(NamedTuple):
    """Whose spending is summed up: a key's, a member's, a workspace's or an account's."""

    kind: str
    account_id: str
    id: str = ""


class Payer(NamedTuple):
    """Whom a charge is booked on; empty text for no workspace or user. `day` counts from 1970 in UTC."""

    account_id: str
    key_hash: str
    workspace_id: str
    user_id: str
    day: int

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Everybody whose spending a charge adds to."""
        return scopes(self.account_id, self.key_hash, self.workspace_id, self.user_id)


class Charge(Struct, array_like=True, gc=False):
    """An amount in whole 10^-12 USD: paid, worth of calls on own keys, and how many calls went to free models."""

    usage: int = 0
    byok: int = 0
    free: int = 0

    def add(self, other: Charge) -> None:
        """Add another charge to this one."""
        self.usage += other.usage
        self.byok += other.byok
        self.free += other.free


Booked = tuple[Payer, Charge]

KEY: Final = "key"
MEMBER: Final = "member"
WORKSPACE: Final = "workspace"
ACCOUNT: Final = "account"


def scopes(account_id: str, key_hash: str, workspace_id: str | None, user_id: str | None) -> tuple[Scope, ...]:
    """Return everybody whose spending a key adds to: itself, its account, its workspace and the member behind it."""
    found = [Scope(KEY, account_id, key_hash), Scope(ACCOUNT, account_id)]
    if workspace_id:
        found.append(Scope(WORKSPACE, account_id, workspace_id))
    if user_id:
        found.append(Scope(MEMBER, account_id, user_id))
    return tuple(found)


def booked(record: GenerationRecord) -> Booked:
    """Return what a generation costs whom, on the day on which it began."""
    return Payer(*_payer(record)), charge_of(record)


def charge_of(record: GenerationRecord) -> Charge:
    """Return what a generation costs."""
    byok = pico(record.prompt_cost + record.completion_cost) if record.is_byok else 0
    return Charge(pico(record.charged), byok, int(record.free))


def summed(records: Iterable[GenerationRecord], charges: Iterable[Charge]) -> list[Booked]:
    """Return what generations cost, each with its charge (`charge_of`), those on one payer added up."""
    sums: dict[tuple[str, str, str, str, int], Charge] = {}
    for record, charge in zip(records, charges, strict=True):
        payer = _payer(record)
        total = sums.get(payer)
        if total is None:
            total = sums[payer] = Charge()
        total.add(charge)
    return [(Payer(*payer), total) for payer, total in sums.items()]


def _payer(record: GenerationRecord) -> tuple[str, str, str, str, int]:
    day = int(record.created) // DAY
    return record.account_id, record.key_hash, record.workspace_id or "", record.user_id or "", day
