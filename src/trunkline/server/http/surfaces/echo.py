"""What `debug.echo_upstream_body` shows: bodies as they go upstream, long binary data left out (spec gateway 2.5)."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

LONGEST_BINARY: Final = 1024
_BINARY: Final = re.compile(r"(data:[^,]{0,200};base64,)?([A-Za-z0-9+/_-]{1024,}={0,2})")


def shown(body: bytes) -> Any:
    """Return a body's JSON with every base64 text of more than 1 KiB replaced; None for an empty body."""
    return _shown(msgspec.json.decode(body)) if body else None


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, str) and len(value) > LONGEST_BINARY and (found := _BINARY.fullmatch(value)):
        return f"{found[1] or ''}[{len(found[2])} characters of base64]"
    return value
