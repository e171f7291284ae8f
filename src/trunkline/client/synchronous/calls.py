# Made from asynchronous/calls.py by scripts/unasync.py: change that file and run it.
"""Sends requests: attempts, waits between them, kept answers, and one transport that is opened when first needed."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, PyreqwestError

from trunkline.client import answers, backoff, exits, faults, paging, requests
from trunkline.client.contracts import Contract
from trunkline.client.kept import KeptAnswers
from trunkline.client.requests import Options
from trunkline.client.settings import Settings
from trunkline.components.models import ModelsListResponse
from trunkline.components.view import View
from trunkline.errors.exchange import Headers, Request, Response
from trunkline.errors.tree import NoResponseError
from trunkline.operations.pages import ModelsPage
from trunkline.types.unset import UNSET, Unset
from trunkline.utils.retries import RetryConfig

V = TypeVar("V", bound=View)
PIECE = 64 * 1024
"""Bytes of a body that are read at once."""


class SyncCalls:
    """Calls of operations that block the thread."""

    def __init__(self, settings: Settings, kept: KeptAnswers) -> None:
        self._settings = settings
        self._kept = kept
        self._client: SyncClient | None = None
        self._closed = False

    def send(
        self,
        contract: Contract,
        answer: type[V],
        options: Options,
        *,
        values: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> V:
        """Call an operation and return its answer. Raises an `OpenRouterError`."""
        request = requests.build(self._settings, contract, options, values=values or {}, query=query or {})
        return answer.over(self._answer(contract, answer, request, options))

    def list_models(
        self,
        contract: Contract,
        options: Options,
        query: dict[str, Any],
        bearer: str | Unset | None = UNSET,
    ) -> ModelsPage:
        """Call an operation that lists models and return its page. Raises an `OpenRouterError`."""
        request = requests.build(self._settings, contract, options, values={}, query=query, bearer=bearer)
        data = self._answer(contract, ModelsListResponse, request, options)
        after = paging.following(data, query)
        if after is None:
            return ModelsPage.over(data)

        def following() -> ModelsPage:
            return self.list_models(contract, options, {**query, **after}, bearer)

        return ModelsPage.over(data, following)

    def close(self) -> None:
        """Close the connections; later calls raise `RuntimeError`."""
        client, self._client, self._closed = self._client, None, True
        if client is not None:
            client.close()

    def _answer(self, contract: Contract, view: type[View], request: Request, options: Options) -> dict[str, Any]:
        kept = self._kept.get(request) if self._settings.conditional else None
        sent = replace(request, headers=(*request.headers, ("If-None-Match", kept.tag))) if kept else request
        config = self._settings.retry_config if isinstance(options.retries, Unset) else options.retries
        response = self._attempts(sent, config)
        if kept and response.status_code == 304:
            return kept.data
        data = answers.read(contract, view, response)
        if self._settings.conditional:
            self._kept.put(request, response, data)
        return data

    def _attempts(self, request: Request, config: RetryConfig | None) -> Response:
        began = time.monotonic()
        repeats = 0
        while True:
            outcome: Response | NoResponseError
            try:
                outcome = self._attempt(request)
            except NoResponseError as error:
                outcome = error
            wait = backoff.wait_ms(
                config,
                outcome,
                repeats=repeats,
                elapsed_ms=(time.monotonic() - began) * 1000,
                chance=random.random(),  # noqa: S311 - spreads callers, hides nothing
                now=time.time(),
            )
            if wait is None:
                if isinstance(outcome, NoResponseError):
                    raise outcome
                return outcome
            self._debug("%s: again in %.0f ms", request, wait)
            time.sleep(wait / 1000)
            repeats += 1

    def _attempt(self, request: Request) -> Response:
        self._debug("%s", request)
        builder = self._open().request(request.method, request.url).headers(request.headers)
        if request.timeout_ms is not None:
            builder = builder.timeout(timedelta(milliseconds=request.timeout_ms))
        try:
            # Read in pieces: reading a body whole costs the transport several times its size in memory.
            with builder.streamed_read_buffer_limit(PIECE).build_streamed() as answer:
                pieces = []
                while (piece := answer.body_reader.read(PIECE)) is not None:
                    pieces.append(piece)
        except BuilderError:
            raise  # a wrong argument, and no attempt will make it right
        except PyreqwestError as error:
            failed = faults.named(error, request)
            self._debug("%s", failed)
            raise failed from error
        body = b"".join(pieces)
        self._debug("%s: %d, %d bytes", request, answer.status, len(body))
        return Response(answer.status, Headers(answer.headers.items()), body, request)

    def _open(self) -> SyncClient:
        if self._closed:
            raise RuntimeError("this client has been closed")
        if self._client is None:
            exits.wait_at_exit()
            self._client = SyncClientBuilder().referer(False).build()
        return self._client

    def _debug(self, message: str, *values: object) -> None:
        if self._settings.debug_logger is not None:
            self._settings.debug_logger.debug(message, *values)
