"""The gateway's tables and charts of docs/performance.md: python -m benchmarks.gateway.tables writes these alone."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.charts import Bar, bars, line
from benchmarks.machine import RESULTS

Results = dict[str, Any]
MB = 1_000_000


def parts(told: Results) -> dict[str, str]:
    """Return the tables of what has been measured, by their names on the page."""
    made = {"gateway-rates": _rates, "gateway-streams": _streams, "gateway-soak": _soak}
    return {name: make(told[part]) for name, make in made.items() if (part := name.partition("-")[2]) in told}


def charts(told: Results) -> dict[str, str]:
    """Return the charts by file name."""
    made = {}
    if "rates" in told:
        servers, targets = told["rates"]["servers"], told["rates"]["targets"]
        rows = [
            Bar(
                name,
                one["ratio"],
                f"{one['ratio']:.4f}" if one["ratio"] < 0.01 else f"{one['ratio']:.3f}",
                ours=name == "trunkline",
                target=targets["ratio"] if name == "trunkline" else None,
            )
            for name, one in servers.items()
            if name not in {"provider", "nginx"}
        ]
        made["gateway.svg"] = bars("Share of nginx's proxied calls per second, 64 connections, one core", rows)
    if "soak" in told:
        held = [one / MB for one in told["soak"]["memory"]]
        made["gateway-soak.svg"] = line(f"Memory of the worker, MB, over {told['soak']['calls']:,} calls", held)
    return made


def _rates(told: Results) -> str:
    rows = []
    for name, one in told["servers"].items():
        waits = f"{one['alone_us']:,.0f} | {one['added_us']:,.0f}" if "alone_us" in one else " | "
        share = "" if name == "provider" else f"{one['ratio']:.4f} | {one['processor_ratio']:.4f}"
        rows.append(
            f"{name} | {one['per_second']:,.0f} | {share or ' | '} | {one['processor_us']:,.0f} | "
            f"{one['median_us'] / 1000:,.1f} | {waits}"
        )
    head = (
        "through | calls per second | share of nginx's | share by processor time | µs of processor for one | "
        "median at 64 connections, ms | median at one, µs | more than the provider itself, µs"
    )
    left = "".join(f"\n\nLeft out: {reason}." for reason in told["skipped"].values())
    return _table(head, rows) + left


def _streams(told: Results) -> str:
    rows = [
        f"{name} | {one['tokens']:,} | {one['p50']:.2f} | {one['p99']:.1f} | {one['p999']:.1f} | {one['max']:.1f} | "
        + (f"{one['processor_us']:.0f} | {one['memory'] / MB:.0f}" if "memory" in one else " | ")
        for name, one in (("the provider itself", told["provider"]), ("trunkline", told["trunkline"]))
    ]
    asked = told["asked"]
    head = (
        f"{asked['streams']:,} streams, {asked['rate']} tokens a second each | tokens | median delay, ms | p99 | "
        "p99.9 | longest | µs of processor for one token | worker's memory, MB"
    )
    return _table(head, rows)


def _soak(told: Results) -> str:
    low, high = min(told["memory"]) / MB, max(told["memory"]) / MB
    head = "calls answered | seconds | failed | recorded | worker's memory, MB"
    row = (
        f"{told['calls']:,} | {told['seconds']:.0f} | {told['failed']:,} | {told['recorded']:,} | {low:.0f} to "
        f"{high:.0f}; {told['growth'] / MB:+.1f} from the second quarter to the last"
    )
    return _table(head, [row])


def _table(head: str, rows: list[str]) -> str:
    return "\n".join([f"| {head} |", "|" + " --- |" * (head.count("|") + 1), *(f"| {row} |" for row in rows)])


if __name__ == "__main__":
    from benchmarks.publish import write

    found = json.loads(RESULTS.read_text())["gateway"]
    sys.exit(write(parts(found), charts(found)))
