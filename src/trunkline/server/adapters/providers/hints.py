"""When an upstream asks to be called again: every form in which headers, bodies and sentences say so."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

LONGEST_WAIT: Final = 3600


def wait(
    header: Callable[[str], str | None], in_body: float | None, message: str, status: int, now: float
) -> int | None:
    """Return the upstream's hint in whole seconds, rounded up, whatever its form; None without one.

    `header` looks one up, `in_body` is what the body says in seconds, `now` in Unix seconds.
    """
    for seconds in (
        _number(header("retry-after-ms"), 1000),
        _number(header("retry-after"), 1),
        _until(header("retry-after"), now),
        in_body,
        *([_reset(header, now), _spoken(message)] if status == 429 else []),
    ):
        if seconds is not None:
            return _bounded(seconds)
    return None


def _bounded(seconds: float) -> int:
    return min(max(math.ceil(seconds), 0), LONGEST_WAIT)


def _number(text: str | None, per_second: int) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value / per_second if math.isfinite(value) else None


def _until(text: str | None, now: float) -> float | None:
    try:
        return parsedate_to_datetime(text or "").timestamp() - now
    except (TypeError, ValueError, OverflowError):
        return None


def _reset(header: Callable[[str], str | None], now: float) -> float | None:
    """Return when a limit is free again, in seconds from now, as the headers about limits say.

    Sources: platform.openai.com, "Rate limits"; docs.claude.com, "Rate limits" (times of RFC 3339); the IETF's draft
    "RateLimit header fields" (seconds); GitHub's and OpenRouter's `x-ratelimit-reset` (Unix time, in seconds or ms).
    """
    # The limit that is used up says when it is free again; both where neither says what remains.
    waits: dict[str, float] = {}
    for what in ("requests", "tokens"):
        if (seconds := _duration(header(f"x-ratelimit-reset-{what}"))) is not None:
            waits[what] = seconds
    spent = [waits[what] for what in waits if header(f"x-ratelimit-remaining-{what}") == "0"]
    if waits:
        return max(spent or waits.values())
    times = (_moment(header(f"anthropic-ratelimit-{what}-reset")) for what in ("requests", "tokens"))
    known = [time - now for time in times if time is not None]
    if known:
        return max(known)
    stated = _number(header("ratelimit-reset") or header("x-ratelimit-reset"), 1)
    if stated is None or stated < _UNIX:
        return stated
    return (stated / 1000 if stated >= 1000 * _UNIX else stated) - now


def _moment(text: str | None) -> float | None:
    try:
        return datetime.fromisoformat(text or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _spoken(message: str) -> float | None:
    """Return the seconds of a sentence such as "Please try again in 1m2.5s"."""
    found = _AGAIN.search(message[:4000])
    return None if found is None else _duration(found[1])


_UNIX: Final = 1_000_000_000
"""Seconds since 1970 from which on a number is a time and no duration."""
_AGAIN: Final = re.compile(r"(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)", re.IGNORECASE)
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)?")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "": 1.0}


def _duration(text: object) -> float | None:
    """Return the seconds of `1m30.5s`, `20ms` or `7`."""
    if not isinstance(text, str) or not re.fullmatch(rf"(?:{_DURATION.pattern})+", text) or len(text) > 40:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))


def in_body(*stated: Mapping[str, Any]) -> float | None:
    """Return what a body says of when to come back: in Google's `RetryInfo`, else as a plain number of seconds."""
    for each in stated:
        if (seconds := _delay(each.get("details"))) is not None:
            return seconds
    for each in stated:
        seconds = each.get("retry_after")
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and math.isfinite(seconds):
            return float(seconds)
    return None


def _delay(details: object) -> float | None:
    """Return the delay of Google's `RetryInfo`."""
    for item in details if isinstance(details, list) else ():
        if isinstance(item, dict) and (seconds := _duration(item.get("retryDelay"))) is not None:
            return seconds
    return None
