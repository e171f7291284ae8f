"""Embedding operations."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline.client import contracts
from trunkline.client.asynchronous.calls import AsyncCalls
from trunkline.client.requests import Options
from trunkline.operations.async_pages import AsyncModelsPage
from trunkline.types.unset import UNSET, OptionalNullable
from trunkline.utils.retries import RetryConfig


class AsyncEmbeddings:
    """Embedding operations that are awaited."""

    _async_calls: AsyncCalls

    async def list_models_async(
        self,
        *,
        http_referer: str | None = None,
        x_open_router_title: str | None = None,
        x_open_router_categories: str | None = None,
        offset: OptionalNullable[int] = UNSET,
        limit: int | None = None,
        retries: OptionalNullable[RetryConfig] = UNSET,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        http_headers: Mapping[str, str] | None = None,
    ) -> AsyncModelsPage:
        """List the models that turn text into embeddings.

        :param http_referer: The calling app's URL.
        :param x_open_router_title: The calling app's name.
        :param x_open_router_categories: The calling app's categories, comma-separated.
        :param offset: How many models to skip.
        :param limit: How many models a page has, at most 1000; all on one page without it.
        :param retries: When to repeat the call, in place of the client's setting; None for a single attempt.
        :param server_url: The server to ask, in place of the client's.
        :param timeout_ms: The longest an attempt may take in milliseconds, in place of the client's setting.
        :param http_headers: Headers to add or replace.
        :raises errors.OpenRouterError: BadRequestResponseError, InternalServerResponseError, ...
        """
        return await self._async_calls.list_models(
            contracts.LIST_EMBEDDINGS_MODELS,
            Options(
                http_referer,
                x_open_router_title,
                x_open_router_categories,
                retries,
                server_url,
                timeout_ms,
                http_headers,
            ),
            {"offset": offset, "limit": limit},
        )
