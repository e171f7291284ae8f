"""The shape of a page: what the site's router, its menu and its security tests are made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from trunkline.server.http.answer import Answer
from trunkline.server.http.streaming import Stream
from trunkline.server.web.visit import Visit

FORM_LIMIT: Final = 256 * 1024
"""Bytes of a form, unless its page says otherwise."""


class Entry(Enum):
    """Who may open a page: anybody, or whoever has signed in with a management key."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or what a form of one is sent to.

    `path` has its parameters in braces. A `handler` runs in a thread and may reach the store; instead of it,
    `stream` runs on the event loop and may answer piece by piece. Pages with a `menu` are in the site's menu
    under that title. A POST carries the token of its form (`form_token` in every template) or is refused.
    """

    path: str
    handler: Callable[[Visit], Answer] | None = None
    method: str = "GET"
    entry: Entry = Entry.SIGNED_IN
    menu: str = ""
    stream: Callable[[Visit], Awaitable[Answer | Stream]] | None = None
    body_limit: int | None = FORM_LIMIT
