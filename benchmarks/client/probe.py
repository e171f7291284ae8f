"""One measurement of one client, in a process of its own: probe.py PACKAGE start|read|hold [URL]. Prints JSON.

`start`: milliseconds from nothing imported to a client that could call. `read`: milliseconds (wall and
processor) to list the models and look at each. `hold`: kilobytes that the list adds to the process.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

package, what, *rest = sys.argv[1:]
CALLS = 15


def start() -> dict[str, float]:
    """Import the package and make a client."""
    began = time.perf_counter()
    if package == "trunkline":
        from trunkline import OpenRouter
    else:
        from openrouter import OpenRouter
    OpenRouter(api_key="k")
    return {"ms": (time.perf_counter() - began) * 1000}


def client() -> Any:
    """Return a client of the server to measure with."""
    if package == "trunkline":
        from trunkline import OpenRouter

        # Each call has to read the whole list again.
        return OpenRouter(api_key="k", server_url=rest[0], conditional_requests=False)
    from openrouter import OpenRouter

    return OpenRouter(api_key="k", server_url=rest[0])


def look(answer: Any) -> list[Any]:
    """Look at name, length and price of each row, as a program that lists models does."""
    listed = answer if package == "trunkline" else answer.result
    return [(row.id, row.name, row.context_length, row.pricing.prompt) for row in listed.data]


def read() -> dict[str, float]:
    """List all models again and again."""
    models = client().models
    assert len(look(models.list(limit=1000))) > 300
    wall, work = [], []
    for _ in range(CALLS):
        began, worked = time.perf_counter(), time.process_time()
        look(models.list(limit=1000))
        wall.append((time.perf_counter() - began) * 1000)
        work.append((time.process_time() - worked) * 1000)
    return {"wall_ms": sorted(wall)[CALLS // 2], "work_ms": sorted(work)[CALLS // 2]}


def memory(name: str) -> int:
    """Return a figure of this process, in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def hold() -> dict[str, float]:
    """List all models once and keep the result."""
    models = client().models
    for _ in range(3):  # what a client loads and allocates with its first calls is not the list's
        look(models.list(limit=1))
    gc.collect()
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    kept = models.list(limit=1000)
    look(kept)
    peak = memory("VmHWM")
    gc.collect()
    return {"held_kb": memory("VmRSS") - before, "peak_kb": peak - before, "rows": len(look(kept))}


print(json.dumps({"start": start, "read": read, "hold": hold}[what]()))
