"""The client's front: what it is set up with, and its operations by tag, loaded when first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Self

from trunkline.client.settings import ApiKey, Logger, Settings
from trunkline.types.unset import UNSET, OptionalNullable
from trunkline.utils.retries import RetryConfig

if TYPE_CHECKING:
    from trunkline.client.asynchronous.calls import AsyncCalls
    from trunkline.client.embeddings import Embeddings
    from trunkline.client.endpoints import Endpoints
    from trunkline.client.kept import KeptAnswers
    from trunkline.client.models import Models
    from trunkline.client.providers import Providers
    from trunkline.client.synchronous.calls import SyncCalls


class OpenRouter:
    """A client of the OpenRouter API, as Trunkline and the hosted service serve it.

    It may be used as a context manager, plain or asynchronous, or without: then `close` or `aclose`
    gives its connections back, as does forgetting it. One client may serve many threads and tasks.
    """

    def __init__(
        self,
        api_key: ApiKey = None,
        http_referer: str | None = None,
        x_open_router_title: str | None = None,
        x_open_router_categories: str | None = None,
        *,
        server_url: str | None = None,
        retry_config: OptionalNullable[RetryConfig] = UNSET,
        timeout_ms: int | None = None,
        debug_logger: Logger | None = None,
        conditional_requests: bool = True,
    ) -> None:
        """Set a client up; nothing is sent yet.

        :param api_key: The key, or a function that returns it and is asked for each call (`OPENROUTER_API_KEY`).
        :param http_referer: The calling app's URL (`OPENROUTER_HTTP_REFERER`).
        :param x_open_router_title: The calling app's name (`OPENROUTER_X_OPEN_ROUTER_TITLE`).
        :param x_open_router_categories: Its categories, comma-separated (`OPENROUTER_X_OPEN_ROUTER_CATEGORIES`).
        :param server_url: Where the API is (`TRUNKLINE_URL`, else `http://127.0.0.1:8080/api/v1`).
        :param retry_config: When to repeat calls; None for a single attempt. Without it failures are repeated for
            a minute (`OPENROUTER_RETRY_MAX_ELAPSED_MS`).
        :param timeout_ms: The longest an attempt may take in milliseconds (`OPENROUTER_TIMEOUT_MS`, else 60,000).
        :param debug_logger: Told of each attempt, without keys or bodies (`OPENROUTER_DEBUG` for standard error).
        :param conditional_requests: Whether to keep answers and ask again only for what has changed.
        :raises ValueError: A URL or a variable that cannot be used.
        """
        self._settings = Settings(
            api_key=api_key,
            attribution=(http_referer, x_open_router_title, x_open_router_categories),
            server_url=server_url,
            retry_config=retry_config,
            timeout_ms=timeout_ms,
            debug_logger=debug_logger,
            conditional=conditional_requests,
        )

    @cached_property
    def models(self) -> Models:
        """Model operations."""
        from trunkline.client.models import Models

        return Models(self._sync_calls, self._async_calls)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Endpoint operations."""
        from trunkline.client.endpoints import Endpoints

        return Endpoints(self._sync_calls, self._async_calls)

    @cached_property
    def providers(self) -> Providers:
        """Provider operations."""
        from trunkline.client.providers import Providers

        return Providers(self._sync_calls, self._async_calls)

    @cached_property
    def embeddings(self) -> Embeddings:
        """Embedding operations."""
        from trunkline.client.embeddings import Embeddings

        return Embeddings(self._sync_calls, self._async_calls)

    @cached_property
    def _kept(self) -> KeptAnswers:
        from trunkline.client.kept import KeptAnswers

        return KeptAnswers()

    @cached_property
    def _sync_calls(self) -> SyncCalls:
        from trunkline.client.synchronous.calls import SyncCalls

        return SyncCalls(self._settings, self._kept)

    @cached_property
    def _async_calls(self) -> AsyncCalls:
        from trunkline.client.asynchronous.calls import AsyncCalls

        return AsyncCalls(self._settings, self._kept)

    def close(self) -> None:
        """Close the connections of blocking calls; later ones raise `RuntimeError`."""
        self._sync_calls.close()

    async def aclose(self) -> None:
        """Close all connections; later calls raise `RuntimeError`."""
        self._sync_calls.close()
        await self._async_calls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"OpenRouter(server_url={self._settings.server_url!r})"
