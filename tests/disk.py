"""A disk that is full, as processes see it: no file of theirs grows any more."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def files_up_to(size: int, *processes: int) -> Iterator[None]:
    """Keep processes, by default this one, from writing files beyond a size. Python ignores the signal of it."""
    numbers: Sequence[int] = processes or (0,)
    before = [resource.prlimit(number, resource.RLIMIT_FSIZE) for number in numbers]
    try:
        for number, (_, hard) in zip(numbers, before, strict=True):
            resource.prlimit(number, resource.RLIMIT_FSIZE, (size, hard))
        yield
    finally:
        for number, limits in zip(numbers, before, strict=True):
            resource.prlimit(number, resource.RLIMIT_FSIZE, limits)
