"""What a limit costs a call: admission, hold and settlement, without a limit, far from one and near one.

Run as `python -m benchmarks.holds`; an SQLite store in a folder of its own, one call after another.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.database import open_database
from trunkline.server.adapters.store.journal import Journal
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.account import Account, AccountKind
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.holds import Amount
from trunkline.server.domain.policy.key import Key

MOST = Amount(100_000_000)
"""What a call holds: 0.0001 USD."""
LIMITS = {"without a limit": (None, 20_000), "far from a limit": ("1000", 20_000), "near a limit": ("0.003", 500)}
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print microseconds a call, the median and the 99th of a hundred."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder) / "trunkline.db")
        traffic, statistics = SqlTraffic(database.engine), LiveStatistics(time.time)
        ledger = LiveLedger(traffic, Journal(Path(folder) / "journal"), statistics, time.time)
        for name, (limit, count) in LIMITS.items():
            caller = _caller(name, limit)
            ledger.load(caller)
            taken = sorted(asyncio.run(_calls(ledger, caller, count)))
            print(f"{name}: {median(taken) * 1e6:.1f} µs, 99th {taken[count * 99 // 100] * 1e6:.1f} µs")
            ledger.flush()
        ledger.stop()
        database.close()


async def _calls(ledger: LiveLedger, caller: Caller, count: int) -> list[float]:
    taken = []
    for number in range(count):
        record = GenerationRecord(
            id=f"{caller.key.name} {number}",
            created=time.time(),
            account_id="a",
            key_hash=caller.key.hash,
            charged=Decimal("0.0000001"),
        )
        began = time.perf_counter()
        ledger.check(caller, began, free=False)
        hold = ledger.reserve(caller, began, free=False, most=lambda: MOST)
        if hold is not None:
            await ledger.secure(hold)
        ledger.settle(record, hold)
        if hold is not None:
            await ledger.freed(hold)
        taken.append(time.perf_counter() - began)
    return taken


def _caller(name: str, limit: str | None) -> Caller:
    key = Key(
        hash=name,
        name=name,
        label="",
        account_id="a",
        created_at=_SINCE,
        limit=None if limit is None else Decimal(limit),
    )
    return Caller(key=key, account=Account(id="a", name="A", kind=AccountKind.PERSONAL, created_at=_SINCE))


if __name__ == "__main__":
    main()
