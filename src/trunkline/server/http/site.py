"""The door for what is not the API: whoever answers all other paths, which the API's front hands on."""

from __future__ import annotations

from typing import Protocol

from trunkline.server.http.answer import Encoded
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream


class Site(Protocol):
    """The pages of the server, where it has any. They are in no OpenAPI document and take no bearer key."""

    def takes(self, path: bytes) -> bool:
        """Tell whether a raw path is the site's, whether or not there is a page."""
        ...

    def limit(self, method: str, path: bytes) -> int:
        """Return how many bytes a body may have, by its request's method and raw path."""
        ...

    async def answer(self, request: Request, coding: bytes) -> Encoded | Stream:
        """Answer a request in a content coding.

        Raises `TrunklineError` where whoever asks is no browser, for the API's envelope.
        """
        ...
