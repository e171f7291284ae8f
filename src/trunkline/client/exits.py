"""Lets the transport's threads finish before the interpreter ends.

pyreqwest's threads give Python objects back after an answer has been read. One that still waits for its turn when
the interpreter finalizes aborts the process (https://github.com/PyO3/pyo3-async-runtimes/issues/40): measured without
this, 25 and 29 of 200 short programs that awaited one answer, however carefully they closed their client.
"""

from __future__ import annotations

import atexit
import time
from functools import cache

PAUSE_SECONDS = 0.02
"""A turn takes microseconds; this is enough on a machine that is busy with other things."""


@cache
def wait_at_exit() -> None:
    """Have the interpreter pause once before it finalizes; for when a transport is opened, and only the first time."""
    atexit.register(time.sleep, PAUSE_SECONDS)
