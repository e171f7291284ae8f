"""What an account may spend and has spent (spec gateway 5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trunkline.server.usecases.bodies import MOST_USD
from trunkline.server.usecases.gateway_ports import Records

UNLIMITED: Final = Decimal(MOST_USD)
"""What stands for credits without a limit: the API has a number there, and callers subtract from it."""


@dataclass(frozen=True, slots=True)
class Credits:
    """USD."""

    total_credits: Decimal
    total_usage: Decimal


def credits_of(records: Records, account_id: str, credits_usd: Decimal | None) -> Credits:
    """Return an account's credits (`credits_usd`, None for no limit) and what it has spent in all."""
    return Credits(UNLIMITED if credits_usd is None else credits_usd, records.spent(account_id))
