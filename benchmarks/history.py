"""How long a page of generations and a sum of usage take with many of them: `python -m benchmarks.history [RECORDS]`.

Ten million records unless told otherwise, beside a hundredth of them in the same run: a page must take as long. The
records are one account's of 90 days, made anew for each run (about 1 KB of disk each) and removed after it.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from benchmarks.machine import WORK
from trunkline.server.adapters.store.database import open_database
from trunkline.server.adapters.store.generations import SqlRecords
from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.generation.usage import Usage
from trunkline.server.usecases.gateway_ports import Cursor, Dimension

RECORDS = 10_000_000
DAYS, KEYS, MODELS = 90, 100, 40
PAGE, ROUNDS = 50, 15
DAY_US = 86_400_000_000
TODAY = 20_687
NEWEST = (TODAY + 1) * DAY_US - 1


def main(records: int) -> int:
    """Measure both sizes and print and keep what was found."""
    found = {str(count): measured(count) for count in (records // 100, records)}
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "history.json").write_text(json.dumps(found, indent=1) + "\n")
    small, large = found.values()
    print(f"{'median ms, of ' + str(ROUNDS):44} {records // 100:>12,} {records:>12,}  records")
    for name, times in large.items():
        print(f"{name:44} {small[name]:12.2f} {times:12.2f}")
    return 0


def measured(records: int) -> dict[str, float]:
    """Fill a store with so many records and return the median ms of each question."""
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        path = Path(folder) / "trunkline.db"
        open_database(str(path)).close()
        fill(path, records)
        database = open_database(str(path))
        try:
            return {name: timed(ask) for name, ask in questions(SqlRecords(database.engine)).items()}
        finally:
            database.close()


def questions(records: SqlRecords) -> dict[str, Callable[[], object]]:
    """Return what is asked, by its name."""
    oldest = Cursor(NEWEST - (DAYS * DAY_US * 99) // 100, "z")

    def page(**narrowed: Any) -> Callable[[], object]:
        return lambda: records.generations("account", PAGE, **narrowed)

    def usage(by: Dimension, days: int) -> Callable[[], object]:
        return lambda: records.consumption("account", TODAY - days + 1, TODAY, by)

    return {
        f"page of {PAGE} generations, the newest": page(),
        "page after 99 % of all": page(after=oldest),
        "newest page of one key": page(key_hash="key-7"),
        "newest page of a model and a key": page(key_hash="key-7", model="m/7"),
        "page of a model nobody called": page(model="m/none"),
        "one generation": lambda: records.generation("account", "gen-00000000000000000777"),
        **{f"30 days by {by}": usage(by, 30) for by in Dimension},
        "90 days by model": usage(Dimension.MODEL, 90),
        "30 days as /activity lists them": lambda: records.activity("account", TODAY - 29, TODAY),
    }


def timed(ask: Callable[[], object]) -> float:
    """Return the median time of a question in ms, the first answer left out."""
    ask()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


def fill(path: Path, records: int) -> None:
    """Write records and their sums by day as the server does, without its journal."""
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000")
    connection.executemany(
        "INSERT INTO apps VALUES (?, ?, ?, '[]', 0)", [(n, f"https://{n}", f"App {n}") for n in (1, 2)]
    )
    began = time.monotonic()
    connection.executemany(
        "INSERT INTO generations (id, account_id, created, document, key_hash, model) VALUES (?, ?, ?, ?, ?, ?)",
        generations(records, began),
    )
    connection.executemany(f"INSERT INTO usage_days VALUES ({', '.join('?' * 20)})", sums(records))
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
    print(f"\r{records:,} records written in {time.monotonic() - began:.0f} s", file=sys.stderr)


def generations(records: int, began: float) -> Iterator[tuple[Any, ...]]:
    """Yield rows of generations, oldest first; keys and models vary, documents are one call's."""
    attempt = AttemptRecord(
        endpoint="m/1 p 0", model="m/1", provider="p", provider_name="P", status=200, latency_ms=812.5, ok=True
    )
    one = GenerationRecord(
        id="gen-1787400000-0123456789abcdef0123",
        created=1787400000.0,
        account_id="account",
        key_hash="k" * 64,
        model="m/1",
        permaslug="m/1-2026",
        endpoint="m/1 p 0",
        provider="p",
        provider_name="P",
        usage=Usage(prompt_tokens=1000, completion_tokens=200),
        attempts=(attempt,),
    )
    document = msgspec.json.encode(one).decode()
    chance = random.Random(7)
    step = DAYS * DAY_US / records
    for number in range(records):
        if number % 200_000 == 0:
            print(f"\r{number:,} of {records:,}, {time.monotonic() - began:.0f} s", end="", file=sys.stderr)
        created = NEWEST - int((records - number) * step)
        key, model = chance.randrange(KEYS), chance.randrange(MODELS)
        yield f"gen-{number:020}", "account", created, document, f"key-{key}", f"m/{model}"


def sums(records: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows of usage by day: each key calls eight models with prompts of two sizes, with tools and without."""
    called = [(key, (key + model) % MODELS) for key in range(KEYS) for model in range(8)]
    chosen = [(*one, size, tools) for one in called for size in (4, 5) for tools in (0, 1)]
    requests = max(records // (DAYS * len(chosen)), 1)
    for day in range(TODAY - DAYS + 1, TODAY + 1):
        for key, model, size, tools in chosen:
            name = f"m/{model}"
            who = ("account", f"key-{key}", "w", f"u-{key % 30}", name, f"{name}-2026", f"{name} p 0", "P", key % 3)
            yield day, *who, size, tools, 1, 10**9, 0, requests, 1000 * requests, 200 * requests, 0, 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("records", nargs="?", type=int, default=RECORDS)
    sys.exit(main(parser.parse_args().records))
