"""Answers per second from one pinned core, in turns: Trunkline, nginx, Trunkline, nginx ...; then LiteLLM beside it."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.catalogues import Catalogue
from benchmarks.machine import LOAD_CORE, pinned, processor_seconds
from benchmarks.servers import LITELLM, LITELLM_KEY, Server, entity_tag, litellm, nginx, trunkline

CONNECTIONS = 32
LIST = "/api/v1/models?output_modalities=all"
CASES = {
    "whole list, gzip": 0.40,
    "304": 0.25,
    "one model": 0.25,
}
"""What is compared with nginx, and the share of its answers that is the target."""


@dataclass(frozen=True, slots=True)
class Load:
    """A request that is sent again and again."""

    server: Server
    path: str
    headers: dict[str, str]
    expected: int

    def command(self, seconds: int) -> list[str]:
        """Return the wrk command."""
        flags = [part for name, value in self.headers.items() for part in ("-H", f"{name}: {value}")]
        timing = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s"]
        return pinned(LOAD_CORE, "wrk", *timing, *flags, self.server.url(self.path))

    def run(self, seconds: int) -> tuple[float, float]:
        """Send it for some seconds; return answers per second and processor microseconds of the server per answer."""
        seen = self.server.get(self.path, **{name.replace("-", "_"): value for name, value in self.headers.items()})
        if seen.status != self.expected:
            raise SystemExit(f"{self.path}: {seen.status} instead of {self.expected}")
        before = processor_seconds(self.server.pid)
        said = subprocess.run(self.command(seconds), capture_output=True, text=True, check=True).stdout
        spent = processor_seconds(self.server.pid) - before
        if (failed := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*", said)) is not None:
            raise SystemExit(f"{self.path}: {failed[0]}")
        (answers,) = re.findall(r"(\d+) requests in", said)
        (per_second,) = re.findall(r"Requests/sec:\s+([\d.]+)", said)
        return float(per_second), spent / max(1, int(answers)) * 1e6


def against_nginx(catalogue: Catalogue, rounds: int, seconds: int) -> dict[str, Any]:
    """Measure the three constant answers in turns with nginx serving the same bytes."""
    with ExitStack() as running:
        ours = running.enter_context(trunkline(catalogue.home))
        whole, plain = ours.get(LIST, accept_encoding="gzip"), ours.get(LIST)
        model = f"/api/v1/model/{_a_model(ours)}"
        one = ours.get(model)
        files = {"models": plain.body, "models.gz": whole.body, "model": one.body}
        theirs = running.enter_context(nginx(files))
        theirs_cached = running.enter_context(nginx(files, "open_file_cache max=100;"))
        gzip = {"accept-encoding": "gzip"}

        def unchanged(server: Server, path: str) -> Load:
            tag = entity_tag(server.get(path, accept_encoding="gzip"))
            return Load(server, path, gzip | {"if-none-match": tag}, 304)

        loads: dict[str, dict[str, Load]] = {
            "whole list, gzip": {
                "trunkline": Load(ours, LIST, gzip, 200),
                "nginx": Load(theirs, "/models", gzip, 200),
                "nginx, open_file_cache": Load(theirs_cached, "/models", gzip, 200),
            },
            "304": {
                "trunkline": unchanged(ours, LIST),
                "nginx": unchanged(theirs, "/models"),
                "nginx, open_file_cache": unchanged(theirs_cached, "/models"),
            },
            "one model": {
                "trunkline": Load(ours, model, {}, 200),
                "nginx": Load(theirs, "/model", {}, 200),
                "nginx, open_file_cache": Load(theirs_cached, "/model", {}, 200),
            },
        }
        bytes_sent = {"whole list, gzip": len(whole.body), "304": 0, "one model": len(one.body)}
        commands = {case: " ".join(load["trunkline"].command(seconds)) for case, load in loads.items()}
        taken = {
            case: in_turns(by_server, rounds, seconds) | {"bytes": bytes_sent[case], "command": commands[case]}
            for case, by_server in loads.items()
        }
    for case, target in CASES.items():
        measured = taken[case]["servers"]
        processor = measured["nginx"]["processor_us"] / measured["trunkline"]["processor_us"]
        taken[case] |= {
            "target": target,
            "ratio": measured["trunkline"]["best"] / measured["nginx"]["best"],
            "median_ratio": measured["trunkline"]["per_second"] / measured["nginx"]["per_second"],
            "processor_ratio": processor,
        }
    return taken


def against_litellm(catalogue: Catalogue, rounds: int, seconds: int) -> dict[str, Any]:
    """Measure LiteLLM's lists of the same models beside ours."""
    if not LITELLM.exists():
        return {"skipped": "litellm[proxy] could not be installed (make bench tries)"}
    with trunkline(catalogue.home) as ours:
        models = [row["id"] for row in _json(ours, LIST)["data"]]
        with litellm([model for model in models if not model.startswith("~")]) as theirs:
            key = {"authorization": f"Bearer {LITELLM_KEY}"}
            loads = {
                "trunkline, /api/v1/models": Load(ours, LIST, {}, 200),
                "trunkline, filtered and sorted": Load(ours, f"{LIST}&q=a&sort=pricing-low-to-high&limit=100", {}, 200),
                "litellm, /v1/models": Load(theirs, "/v1/models", key, 200),
                "litellm, /model_group/info": Load(theirs, "/model_group/info", key, 200),
            }
            return in_turns(loads, rounds, seconds) | {"models": len(models)}


def in_turns(loads: dict[str, Load], rounds: int, seconds: int) -> dict[str, Any]:
    """Send the loads in turns, and return for each its rates (answers per second) and processor time (µs) of one."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in loads}
    for load in loads.values():
        load.run(1)
    for _ in range(rounds):
        for name, load in loads.items():
            taken[name].append(load.run(seconds))
    return {
        "servers": {
            name: {
                "rounds": [rate for rate, _ in runs],
                "best": max(rate for rate, _ in runs),
                "per_second": median(rate for rate, _ in runs),
                "processor_us": median(spent for _, spent in runs),
            }
            for name, runs in taken.items()
        }
    }


def _a_model(server: Server) -> str:
    ids = [row["id"] for row in _json(server, LIST)["data"]]
    return "openai/gpt-4" if "openai/gpt-4" in ids else str(ids[len(ids) // 2])


def _json(server: Server, path: str) -> Any:
    return json.loads(server.get(path).body)
