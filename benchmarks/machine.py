"""Where it is measured: pinned processes, their memory and processor time, and the machine in general terms."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "bench"
RESULTS = WORK / "results.json"
COMMAND = Path(sys.executable).with_name("trunkline")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
_TICK = os.sysconf("SC_CLK_TCK")


def pinned(core: int, *command: str | Path) -> list[str]:
    """Return a command that runs on one core."""
    return ["taskset", "--cpu-list", str(core), *map(str, command)]


def tree(pid: int) -> list[int]:
    """Return a process and its descendants, parents first."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in tree(int(child)))]


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process and its descendants have used."""
    spent = 0
    for process in tree(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / _TICK


def resident(pid: int) -> int:
    """Return the resident memory of one process in bytes, shared pages included."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024


def describe() -> dict[str, str]:
    """Return the machine, the programs and the commit, in general terms."""
    processor = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[0]) / 1024**2
    return {
        "processor": f"{len(CORES)} cores, {processor[1].strip() if processor else platform.machine()}",
        "memory": f"{memory:.0f} GiB",
        "system": f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}",
        "commit": said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
    }


def said(*command: str) -> str:
    """Return the first line that a command says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().partition("\n")[0]
