"""Images, files and sounds that stand inside a request as data URLs."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from trunkline.server.adapters.providers.dialects.dialect import NotExpressible

_DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*(;base64)?,(.*)", re.DOTALL)
_ALIASES: Final = {"image/jpg": "image/jpeg"}


class Inline(NamedTuple):
    """A data URL taken apart: its media type and its bytes in base64."""

    kind: str
    data: str


def inline(url: str) -> Inline:
    """Take a data URL apart. Raises `NotExpressible` for what is none, or is not written in base64."""
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise NotExpressible("an image or file is neither an address nor a data URL")
    if found[2] is None:
        raise NotExpressible("an image or file is not written in base64")
    kind = found[1] or "text/plain"
    return Inline(_ALIASES.get(kind, kind), found[3])


def is_address(url: str) -> bool:
    """Tell whether something is to be fetched from where it lies."""
    return url.startswith(("http://", "https://"))
