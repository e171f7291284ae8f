"""Memory that is there is moved into large pages, and stays what it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trunkline.server import pages

OFFERED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
MOVED = """
from pathlib import Path
from trunkline.server.pages import collapse
many = [number.to_bytes(100, "big") for number in range(300_000)]
moved = collapse()
assert all(int.from_bytes(each, "big") == number for number, each in enumerate(many))
in_large = sum(int(line.split()[1]) for line in Path("/proc/self/smaps").open() if line.startswith("AnonHugePages"))
print(moved, in_large * 1024)
"""
MAPS = """\
55d000000000-55d000600000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000900000 rw-p 00000000 00:00 0 
7f0000a00000-7f0000a01000 rw-p 00000000 00:00 0
7f0001000000-7f0002000000 r-xp 00000000 fd:01 123                        /usr/lib/libpython3.11.so.1.0
7f0003000000-7f0004000000 rw-p 00001000 fd:01 123                        /usr/lib/libpython3.11.so.1.0
7f0005000000-7f0006000000 rw-s 00000000 00:01 99                         /dev/zero (deleted)
7f0007000000-7f0008000000 ---p 00000000 00:00 0 
7ffc00000000-7ffc00800000 rw-p 00000000 00:00 0                          [stack]
"""  # noqa: W291 - as the kernel writes them


def test_only_what_is_the_process_own_and_large_enough_is_moved():
    megabyte = 1 << 20
    assert list(pages._ranges(MAPS)) == [(0x55D000000000, 6 * megabyte), (0x7F0000200000, 6 * megabyte)]


@pytest.mark.skipif(sys.platform != "linux" or not OFFERED.exists(), reason="this system has no large pages")
def test_what_is_in_memory_is_moved_and_stays_what_it_was():
    moved, in_large = map(int, subprocess.check_output([sys.executable, "-c", MOVED], text=True).split())
    assert moved % pages.LARGE == 0
    assert moved == 0 or in_large >= moved  # a kernel from before 6.1, or one without memory to spare, moves nothing
