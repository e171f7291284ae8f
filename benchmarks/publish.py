"""Turns the results of the last runs into docs/performance.md and its charts: python -m benchmarks.publish.

Only what stands between `<!-- NAME -->` and `<!-- end -->` is written; the words around it are people's.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.charts import Bar, bars, line
from benchmarks.gateway import tables
from benchmarks.machine import RESULTS, ROOT, WORK

PAGE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
MB = 1_000_000
Results = dict[str, Any]


def table(head: str, *rows: str) -> str:
    """Return a Markdown table from its rows, cells separated by bars."""
    return "\n".join([f"| {head} |", "|" + " --- |" * (head.count("|") + 1), *(f"| {row} |" for row in rows)])


def machine(results: Results) -> str:
    """Say where, when and on what it was measured."""
    told, of = results["machine"], results["catalogue"]
    runs: dict[str, list[str]] = {}
    for name, run in results["runs"].items():
        runs.setdefault(f"on {run['day']} at commit `{run['commit']}`", []).append(name)
    when = "; ".join(f"{place}: {', '.join(names)}" for place, names in runs.items())
    return (
        f"{told['processor']}, {told['memory']}, {told['system']}, nginx {told['nginx']}, LiteLLM {told['litellm']}. "
        f"Catalogue: {of['name']}, {of['models']} models; the bundled one has {of['bundled']}. Measured {when}."
    )


def nginx(results: Results) -> str:
    """Return the table beside nginx."""
    rows = []
    for case, measured in results["nginx"].items():
        by = measured["servers"]
        rows.append(
            f"{case} | {by['trunkline']['best']:,.0f} | {by['nginx']['best']:,.0f} | **{measured['ratio']:.2f}** | "
            f"{measured['target']:.2f} | {measured['median_ratio']:.2f} | {by['trunkline']['processor_us']:.1f} | "
            f"{by['nginx']['processor_us']:.1f} | {by['nginx, open_file_cache']['best']:,.0f}"
        )
    head = (
        "answer | Trunkline, per second | nginx, per second | ratio | target | ratio of medians | Trunkline, µs of "
        "processor | nginx, µs of processor | nginx with `open_file_cache`, per second"
    )
    return table(head, *rows)


def litellm(results: Results) -> str:
    """Return the table beside LiteLLM."""
    told = results["litellm"]
    if "skipped" in told:
        return f"Not measured: {told['skipped']}."
    return table(
        "answer | per second | ms of processor for one",
        *(
            f"{name} | {server['per_second']:,.1f} | {server['processor_us'] / 1e3:,.3f}"
            for name, server in told["servers"].items()
        ),
    )


def queries(results: Results) -> str:
    """Return the table of uncached queries."""
    told = results["queries"]
    few, whole, many, drawn = told["real"], told["real, whole list"], told["many"], told["random"]

    def row(what: str, times: Results, target: str) -> str:
        return f"{what} | {times['median']:.2f} | {times['p99']:.2f} | {times['max']:.2f} | {target}"

    return table(
        "query | median, ms | p99 | longest | target",
        row(f"`{told['query']}&limit=100`, {few['models']} models ({few['found']} found)", few, "median < 1"),
        row("the same without `limit`", whole, ""),
        row(f"the same, {many['models']:,} models ({many['found']:,} found)", many, "median < 10"),
        row(f"{drawn['queries']:,} random queries, {many['models']:,} models", drawn, "all < 30"),
    ) + (
        f"\n\nThe catalogue grew by {told['growth']['catalogue']:.0f} times, the query's time by "
        f"{told['growth']['time']:.0f}."
    )


def processes(results: Results) -> str:
    """Return the table of start and memory."""
    told, starts = results["memory"], results["starts"]
    return table(
        "what | measured | target",
        f"command to first whole list, existing home (median of {len(starts['rounds'])}) | {starts['median']:.2f} s | "
        "1.5 s",
        *(
            f"worker with {told[name]['models']:,} models, ready / after lists in four codings | "
            f"{told[name]['ready'] / MB:.0f} / {told[name]['after lists'] / MB:.0f} MB | {target}"
            for name, target in (("bundled", "130 MB"), ("real", ""), ("many", "600 MB"))
        ),
    )


def long_lists(results: Results) -> str:
    """Return the table of the longest list."""
    return table(
        "coding | bytes sent, MB | seconds | worker's memory, MB | others' answers meanwhile: median / longest, ms",
        *(
            f"{coding} | {told['bytes'] / MB:.0f} | {told['seconds']:.2f} | {told['memory'] / MB:+.0f} | "
            f"{told['others']['median']:.1f} / {told['others']['max']:.0f}"
            for coding, told in results["long"].items()
        ),
    )


def policy(results: Results) -> str:
    """Return the table of what a key costs."""
    told = results["policy"]
    few, many, change = told["few"], told["many"], told["change"]
    whole = f"{told['keys']:,} keys, {told['guardrails']:,} guardrails"

    def row(what: str, name: str, shown: Callable[[Results], str], target: str) -> str:
        return f"{what} | {shown(few)} | {shown(many)} | {change[name]:+.1%} | {target}"

    return (
        table(
            f"what | one key | {whole} | change | target",
            row(
                f"list of a key, cached, of {few['rows']} rows: its rate as a share of that of as many public rows",
                "cached",
                lambda store: (
                    f"**{store['ratio']:.2f}** "
                    f"({store['keyed']['best']:,.0f} of {store['public']['best']:,.0f} a second; "
                    f"{store['keyed']['processor_us']:.1f} and {store['public']['processor_us']:.1f} µs of processor)"
                ),
                "0.5; change (of processor time) < 10%",
            ),
            row(
                "the same list, not cached, to the last compressed byte, in process: median (p99), ms",
                "not cached",
                lambda store: f"{store['uncached']['median']:.2f} ({store['uncached']['p99']:.2f})",
                "5; change < 10%",
            ),
            row(
                "answer from the cache in process, without / with a key, µs of processor",
                "call with a key",
                lambda store: f"{store['public_us']:.1f} / {store['keyed_us']:.1f}: {store['added_us']:.1f} more",
                "20 more; change < 10%",
            ),
        )
        + f"\n\nThe key's list is {few['bytes']['keyed']:,} bytes long, the public one {few['bytes']['public']:,}."
    )


def soak(told: Results) -> str:
    """Return the table of the soak."""
    statuses = ", ".join(f"{status}: {count:,}" for status, count in told["statuses"].items())
    low, high = min(told["memory"]) / MB, max(told["memory"]) / MB
    return table(
        "requests | seconds | imports meanwhile | failed or mixed answers | statuses | worker's memory, MB",
        f"{told['requests']:,} | {told['seconds']:.0f} | {told['imports']} | {len(told['failures'])} | {statuses} | "
        f"{low:.0f} to {high:.0f}; {told['growth'] / MB:+.1f} from the second quarter to the last",
    )


def history(told: dict[str, dict[str, float]]) -> str:
    """Return the table of what many records cost."""
    small, large = told
    rows = [f"{name} | {told[small][name]:,.2f} | {ms:,.2f}" for name, ms in told[large].items()]
    return table(f"median, ms | {int(small):,} records | {int(large):,} records", *rows)


def charts(results: Results, soaked: Results) -> dict[str, str]:
    """Return the charts by file name."""
    ratios = [
        Bar(case, told["ratio"], f"{told['ratio']:.2f}", ours=True, target=told["target"])
        for case, told in results["nginx"].items()
    ]
    made = {
        "nginx.svg": bars("Share of nginx's answers per second, same bytes, one core", ratios),
        "soak.svg": line(
            "Memory of the worker, MB, with an import every second", [one / MB for one in soaked["memory"]]
        ),
    }
    told = results["policy"]
    rates = [
        (f"{whose}, {store}", 1e6 / told[name][what]["processor_us"], what == "keyed")
        for name, store in (("few", "one key stored"), ("many", f"{told['keys']:,} keys stored"))
        for what, whose in (("public", "public"), ("keyed", "a key's"))
    ]
    made["policy.svg"] = bars(
        "Gzipped lists per second of processor time: the public one, and a key's under three layers",
        [Bar(label, rate, f"{rate:,.0f}", ours) for label, rate, ours in rates],
    )
    if "servers" in results["litellm"]:
        lists = [
            Bar(name, told["per_second"], f"{told['per_second']:,.1f}", ours=name.startswith("trunkline"))
            for name, told in results["litellm"]["servers"].items()
        ]
        made["litellm.svg"] = bars("Model lists per second, one core, same models", lists)
    return made


def main() -> int:
    """Write the tables into the page and the charts beside it."""
    results: Results = json.loads(RESULTS.read_text())
    soaked: Results = json.loads((WORK / "soak.json").read_text())
    parts = {
        "machine": machine(results),
        "nginx": nginx(results),
        "litellm": litellm(results),
        "queries": queries(results),
        "processes": processes(results),
        "long": long_lists(results),
        "policy": policy(results),
        "soak": soak(soaked),
        "history": history(json.loads((WORK / "history.json").read_text())),
    }
    drawn = charts(results, soaked)
    gateway = results.get("gateway", {})
    return write(parts | tables.parts(gateway), drawn | tables.charts(gateway))


def write(parts: dict[str, str], drawn: dict[str, str]) -> int:
    """Put texts in their places on the page and charts into their files; return 1 where a text has no place."""
    page = PAGE.read_text()
    for name, text in parts.items():
        page, found = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda held, text=text: f"{held[1]}{text}\n{held[2]}",
            page,
            flags=re.DOTALL,
        )
        if found != 1:
            print(f"{PAGE}: {found} places for {name}", file=sys.stderr)
            return 1
    PAGE.write_text(page)
    IMAGES.mkdir(exist_ok=True)
    for file, chart in drawn.items():
        (IMAGES / f"performance-{file}").write_text(chart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
