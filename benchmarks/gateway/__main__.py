"""Measures the gateway: python -m benchmarks.gateway [--quick] [PART ...]; parts: rates streams soak.

`--beside NAME,NAME` compares with these only, `--calls N` soaks with so many (a million unless stated). The results go
to .cache/bench/results.json, from which `python -m benchmarks.publish` writes docs/performance.md.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.gateway import endurance, rates, streams
from benchmarks.gateway.field import FIELD
from benchmarks.machine import RESULTS, WORK, describe


def parts(*, quick: bool, names: list[str], calls: int) -> dict[str, Callable[[], Any]]:
    """Return what can be measured, by name; `quick` is a smoke test."""
    return {
        "rates": lambda: rates.beside(names, 1 if quick else 7, 1 if quick else 3),
        "streams": lambda: streams.measure(quick=quick),
        "soak": lambda: endurance.measure(calls),
    }


def main(arguments: list[str]) -> int:
    """Measure the parts that are named, or all."""
    WORK.mkdir(parents=True, exist_ok=True)
    names = list(FIELD)
    if "--beside" in arguments:
        place = arguments.index("--beside")
        names = ["trunkline", *[name for name in arguments[place + 1].split(",") if name != "trunkline"]]
        del arguments[place : place + 2]
    calls = 2_000 if "--quick" in arguments else endurance.CALLS
    if "--calls" in arguments:
        place = arguments.index("--calls")
        calls = int(arguments[place + 1])
        del arguments[place : place + 2]
    known = parts(quick="--quick" in arguments, names=names, calls=calls)
    wanted = [name for name in arguments if not name.startswith("-")] or list(known)
    if unknown := {*wanted} - known.keys() | {*names} - FIELD.keys():
        print(f"no such part or gateway: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept = found.setdefault("gateway", {})
    for name in wanted:
        print(f"measuring: {name}", file=sys.stderr)
        kept[name] = known[name]()
        when = {"commit": describe()["commit"], "day": time.strftime("%Y-%m-%d", time.gmtime())}
        found.setdefault("runs", {})[f"gateway {name}"] = when
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({name: kept[name] for name in wanted}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
