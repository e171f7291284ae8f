"""`make bench`: measures everything that docs/performance.md tells, side by side in one run, and prints it as JSON.

The results go to .cache/bench/results.json; `python -m benchmarks.publish` turns them into the page and its charts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import catalogues, policy, processes, queries, throughput
from benchmarks.machine import RESULTS, WORK, describe, said
from benchmarks.servers import LITELLM, install_litellm


def main(arguments: list[str]) -> int:
    """Measure the parts that are named, or all."""
    parser = argparse.ArgumentParser("python -m benchmarks.run", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="all unless stated")
    parser.add_argument("--quick", action="store_true", help="only see whether everything works")
    given = parser.parse_args(arguments)
    quick = given.quick
    WORK.mkdir(parents=True, exist_ok=True)
    rounds, seconds = (2, 1) if quick else (7, 2)
    real, bundled = catalogues.real(), catalogues.bundled()
    parts: dict[str, Callable[[], Any]] = {
        "nginx": lambda: throughput.against_nginx(real, rounds, seconds),
        "litellm": lambda: _litellm(real, 1 if quick else 3, 2 if quick else 5),
        "starts": lambda: processes.starts(bundled, 3 if quick else 9),
        "memory": lambda: {
            "bundled": processes.memory(bundled),
            "real": processes.memory(real),
            "many": processes.memory(catalogues.many()),
        },
        "queries": lambda: queries.measure(real, catalogues.many()),
        "long": lambda: processes.long_lists(catalogues.many()),
        "policy": lambda: policy.measure(real, rounds, seconds),
    }
    wanted = given.parts or list(parts)
    if unknown := set(wanted) - parts.keys():
        print(f"no such part: {', '.join(sorted(unknown))}; there are: {', '.join(parts)}", file=sys.stderr)
        return 2
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results |= {
        "machine": describe() | _programs(),
        "catalogue": {"name": real.name, "models": real.models, "bundled": bundled.models},
    }
    for name in wanted:
        print(f"measuring: {name}", file=sys.stderr)
        results[name] = parts[name]()
        when = {"commit": results["machine"]["commit"], "day": time.strftime("%Y-%m-%d", time.gmtime())}
        results.setdefault("runs", {})[name] = when
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps({name: results[name] for name in ("machine", "catalogue", *wanted)}, indent=1))
    return 0


def _litellm(catalogue: catalogues.Catalogue, rounds: int, seconds: int) -> Any:
    install_litellm()
    return throughput.against_litellm(catalogue, rounds, seconds)


def _programs() -> dict[str, str]:
    version = "import importlib.metadata as m; print(m.version('litellm'))"
    return {
        "nginx": said("nginx", "-v").rpartition("/")[2],
        "litellm": said(str(LITELLM.with_name("python")), "-c", version) if LITELLM.exists() else "absent",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
