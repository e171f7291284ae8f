"""Measures the gateway beside others, on one core each.

The results go to .cache/bench/results.json, from which `python -m benchmarks.publish` writes docs/performance.md.
"""

from __future__ import annotations

import argparse
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
    parser = argparse.ArgumentParser("python -m benchmarks.gateway", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="rates, streams, soak; all unless stated")
    parser.add_argument("--quick", action="store_true", help="only see whether everything works")
    parser.add_argument("--beside", metavar="NAME,NAME", help=f"compare with these only: {', '.join(FIELD)}")
    parser.add_argument("--calls", type=int, help="soak with so many, a million unless stated")
    given = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    names = ["trunkline", *given.beside.split(",")] if given.beside else list(FIELD)
    calls = given.calls or (2_000 if given.quick else endurance.CALLS)
    known = parts(quick=given.quick, names=list(dict.fromkeys(names)), calls=calls)
    wanted = given.parts or list(known)
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
