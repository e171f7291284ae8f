"""`/api/v1/openapi.json` and the API page at `/docs`, both made once from the table of operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from trunkline.server.http import openapi
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request


def operations(described: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return the operations that document the given ones (and themselves)."""

    @cache
    def document() -> dict[str, object]:
        return openapi.document((*described, *own))

    @cache
    def page() -> Answer:
        # Imported with the first page: templates take 60 ms of a start, and few processes ever show one.
        from trunkline.server.http.views import api_page

        return Answer(200, api_page.render(document()), b"text/html; charset=utf-8", _PAGE_HEADERS, tagged=True)

    @cache
    def contract() -> Answer:
        return Answer(200, msgspec.json.encode(document()), tagged=True)

    def answer_contract(context: Context, request: Request) -> Answer:
        return contract()

    def answer_page(context: Context, request: Request) -> Answer:
        return page()

    own = (
        Operation(
            id="getOpenApi",
            path=f"{API}/openapi.json",
            tag="Documentation",
            summary="This document",
            handler=answer_contract,
        ),
        Operation(
            id="getDocs",
            path="/docs",
            tag="Documentation",
            summary="This document as a page",
            handler=answer_page,
            media="text/html",
        ),
    )
    return own


_PAGE_HEADERS = ((b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"),)
