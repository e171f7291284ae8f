"""Decides whether a call is repeated, and after how long."""

from __future__ import annotations

from trunkline.errors.exchange import Headers, Response
from trunkline.errors.tree import NoResponseError
from trunkline.utils.retries import RetryConfig


def wait_ms(
    config: RetryConfig | None,
    outcome: Response | NoResponseError,
    *,
    repeats: int,
    elapsed_ms: float,
    chance: float,
    now: float,
) -> float | None:
    """Return the milliseconds to wait before the next attempt, None for no further one.

    `repeats` counts the attempts after the first one, `elapsed_ms` runs since the call began,
    `chance` in [0, 1) is the jitter, `now` is Unix seconds. What the server asks for
    (`retry-after-ms`, `Retry-After`) is waited exactly. A wait that would not end in time is not begun.
    """
    if config is None or config.strategy != "backoff":
        return None
    if isinstance(outcome, NoResponseError):
        if not config.retry_connection_errors:
            return None
        asked = None
    else:
        if outcome.status_code < 500:
            return None
        asked = retry_after_ms(outcome.headers, now)
    wait = asked or config.backoff.wait_ms(repeats, chance)
    return wait if elapsed_ms + wait <= config.backoff.max_elapsed_time else None


def retry_after_ms(headers: Headers, now: float) -> float | None:
    """Return how long the server asks to wait, in milliseconds; None where it does not, or in no known way."""
    for header, scale in (("retry-after-ms", 1), ("retry-after", 1000)):
        try:
            wait = float(headers.get(header, "")) * scale
        except ValueError:
            continue
        # Only a finite wait: `nan` and `inf` are numbers too.
        return wait if 0 <= wait < float("inf") else None
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now) * 1000
    except (ValueError, TypeError, OverflowError):
        return None
