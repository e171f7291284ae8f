"""The headers by which a caller asks for its answer to be kept (spec gateway 6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from trunkline.server.domain.generation.request import Caching

SHORTEST: Final = 1
DEFAULT: Final = 300
LONGEST: Final = 86_400
"""Seconds for which an answer is kept."""
_DIGITS: Final = re.compile(rb"\s*(\d+)")
_TRUE: Final = b"true"


def caching(headers: Mapping[bytes, bytes]) -> Caching | None:
    """Return how a request wants its answer kept, None where it does not.

    Of a time only the digits that it begins with count; what begins with none counts as absent.
    """
    if headers.get(b"x-openrouter-cache", b"").strip().lower() != _TRUE:
        return None
    digits = _DIGITS.match(headers.get(b"x-openrouter-cache-ttl", b""))
    # A number of more digits than the longest time has needs no reading.
    seconds = DEFAULT if digits is None else int(digits[1].lstrip(b"0")[:6] or b"0")
    clear = headers.get(b"x-openrouter-cache-clear", b"").strip().lower() == _TRUE
    return Caching(min(max(seconds, SHORTEST), LONGEST), clear)
