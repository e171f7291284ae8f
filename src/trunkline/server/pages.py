"""Has Linux keep what this process has in memory in large pages, so that fewer addresses have to be looked up.

A call touches little memory in many places; docs/performance.md has what that costs. Only what is there already is
moved, once: https://man7.org/linux/man-pages/man2/madvise.2.html, MADV_COLLAPSE, since Linux 6.1.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LARGE: Final = 2 * 1024 * 1024
"""Bytes of a large page, on all machines that wheels are made for and that have them in this size."""
_COLLAPSE: Final = 25
_ANONYMOUS: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *(\[heap\])?")


def collapse() -> int:
    """Return the bytes that are in large pages by it, 0 where the system has no such thing."""
    if sys.platform != "linux":
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    done = 0
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return 0
    for start, length in list(_ranges(maps)):
        # One after another: of a longer range the rest would be left alone where a page is empty.
        done += sum(LARGE for at in range(start, start + length, LARGE) if madvise(at, LARGE, _COLLAPSE) == 0)
    return done


def _ranges(maps: str) -> Iterator[tuple[int, int]]:
    """Yield start and length of what large pages fit into of a process's own memory."""
    for line in maps.splitlines():
        if found := _ANONYMOUS.fullmatch(line):
            start, end = -(-int(found[1], 16) // LARGE) * LARGE, int(found[2], 16) // LARGE * LARGE
            if end > start:
                yield start, end - start
