# Made from asynchronous/models.py by scripts/unasync.py: change that file and run it.
"""Model operations."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trunkline import components, operations
from trunkline.client import contracts
from trunkline.client.requests import Options, number
from trunkline.client.synchronous.calls import SyncCalls
from trunkline.operations.pages import ModelsPage
from trunkline.types.unset import UNSET, OptionalNullable
from trunkline.utils.retries import RetryConfig


class SyncModels:
    """Model operations that block."""

    _sync_calls: SyncCalls

    def get(
        self,
        *,
        author: str,
        slug: str,
        http_referer: str | None = None,
        x_open_router_title: str | None = None,
        x_open_router_categories: str | None = None,
        retries: OptionalNullable[RetryConfig] = UNSET,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        http_headers: Mapping[str, str] | None = None,
    ) -> components.ModelResponse:
        """Get one model by author and slug; aliases and variants are resolved.

        :param author: The model's author, the part of its id before the slash.
        :param slug: The rest of its id, with the variant where it has one (`gpt-4:free`).
        :param http_referer: The calling app's URL.
        :param x_open_router_title: The calling app's name.
        :param x_open_router_categories: The calling app's categories, comma-separated.
        :param retries: When to repeat the call, in place of the client's setting; None for a single attempt.
        :param server_url: The server to ask, in place of the client's.
        :param timeout_ms: The longest an attempt may take in milliseconds, in place of the client's setting.
        :param http_headers: Headers to add or replace.
        :raises errors.OpenRouterError: NotFoundResponseError, InternalServerResponseError, ...
        """
        return self._sync_calls.send(
            contracts.GET_MODEL,
            components.ModelResponse,
            Options(
                http_referer,
                x_open_router_title,
                x_open_router_categories,
                retries,
                server_url,
                timeout_ms,
                http_headers,
            ),
            values={"author": author, "slug": slug},
        )

    def list(
        self,
        *,
        http_referer: str | None = None,
        x_open_router_title: str | None = None,
        x_open_router_categories: str | None = None,
        offset: OptionalNullable[int] = UNSET,
        limit: int | None = None,
        category: operations.GetModelsCategory | None = None,
        supported_parameters: str | None = None,
        output_modalities: str | None = None,
        sort: operations.GetModelsSort | None = None,
        q: str | None = None,
        input_modalities: str | None = None,
        context: int | None = None,
        min_price: OptionalNullable[float | Decimal] = UNSET,
        max_price: OptionalNullable[float | Decimal] = UNSET,
        arch: str | None = None,
        model_authors: str | None = None,
        providers: str | None = None,
        distillable: operations.Distillable | None = None,
        zdr: operations.Zdr | None = None,
        region: operations.Region | None = None,
        min_output_price: OptionalNullable[float | Decimal] = UNSET,
        max_output_price: OptionalNullable[float | Decimal] = UNSET,
        min_age_days: OptionalNullable[int] = UNSET,
        max_age_days: OptionalNullable[int] = UNSET,
        min_intelligence_index: OptionalNullable[float] = UNSET,
        max_intelligence_index: OptionalNullable[float] = UNSET,
        min_coding_index: OptionalNullable[float] = UNSET,
        max_coding_index: OptionalNullable[float] = UNSET,
        min_agentic_index: OptionalNullable[float] = UNSET,
        max_agentic_index: OptionalNullable[float] = UNSET,
        min_tool_success_rate: OptionalNullable[float] = UNSET,
        max_tool_success_rate: OptionalNullable[float] = UNSET,
        retries: OptionalNullable[RetryConfig] = UNSET,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        http_headers: Mapping[str, str] | None = None,
    ) -> ModelsPage:
        """List models; all parameters narrow together.

        The page holds the models in `data`; iterating over it goes on through the pages after it.

        :param http_referer: The calling app's URL.
        :param x_open_router_title: The calling app's name.
        :param x_open_router_categories: The calling app's categories, comma-separated.
        :param offset: How many models to skip.
        :param limit: How many models a page has, at most 1000; all on one page without it.
        :param category: Use case that the model is tagged with.
        :param supported_parameters: Request parameters that the model supports, all of them (comma-separated).
        :param output_modalities: Kinds of output, any of them (comma-separated), or "all"; text when absent.
        :param sort: Order of the list; models without the figure come last.
        :param q: Words that must all occur in the model's name or id.
        :param input_modalities: Kinds of input, all of them (comma-separated).
        :param context: Smallest context length in tokens.
        :param min_price: Lowest prompt price in USD per million tokens; None for no bound.
        :param max_price: Highest prompt price in USD per million tokens; None for no bound.
        :param arch: Model family, any of them (comma-separated), such as GPT or Llama.
        :param model_authors: Organisations that made the model, any of them (comma-separated author slugs).
        :param providers: Providers that host the model, any of them (comma-separated names).
        :param distillable: "true" for models whose author permits distillation, "false" for the others.
        :param zdr: "true" for models with an endpoint that retains no data.
        :param region: Only models with an endpoint that processes wholly inside the region.
        :param min_output_price: Lowest completion price in USD per million tokens.
        :param max_output_price: Highest completion price in USD per million tokens.
        :param min_age_days: Fewest whole days since the model was listed.
        :param max_age_days: Most whole days since the model was listed.
        :param min_intelligence_index: Lowest intelligence index (Artificial Analysis).
        :param max_intelligence_index: Highest intelligence index.
        :param min_coding_index: Lowest coding index (Artificial Analysis).
        :param max_coding_index: Highest coding index.
        :param min_agentic_index: Lowest agentic index (Artificial Analysis).
        :param max_agentic_index: Highest agentic index.
        :param min_tool_success_rate: Lowest share of tool calls that end well, 0 to 1.
        :param max_tool_success_rate: Highest share of tool calls that end well, 0 to 1.
        :param retries: When to repeat the call, in place of the client's setting; None for a single attempt.
        :param server_url: The server to ask, in place of the client's.
        :param timeout_ms: The longest an attempt may take in milliseconds, in place of the client's setting.
        :param http_headers: Headers to add or replace.
        :raises errors.OpenRouterError: BadRequestResponseError, InternalServerResponseError, ...
        """
        return self._sync_calls.list_models(
            contracts.LIST_MODELS,
            Options(
                http_referer,
                x_open_router_title,
                x_open_router_categories,
                retries,
                server_url,
                timeout_ms,
                http_headers,
            ),
            {
                "offset": offset,
                "limit": limit,
                "category": category,
                "supported_parameters": supported_parameters,
                "output_modalities": output_modalities,
                "sort": sort,
                "q": q,
                "input_modalities": input_modalities,
                "context": context,
                "min_price": number(min_price),
                "max_price": number(max_price),
                "arch": arch,
                "model_authors": model_authors,
                "providers": providers,
                "distillable": distillable,
                "zdr": zdr,
                "region": region,
                "min_output_price": number(min_output_price),
                "max_output_price": number(max_output_price),
                "min_age_days": min_age_days,
                "max_age_days": max_age_days,
                "min_intelligence_index": number(min_intelligence_index),
                "max_intelligence_index": number(max_intelligence_index),
                "min_coding_index": number(min_coding_index),
                "max_coding_index": number(max_coding_index),
                "min_agentic_index": number(min_agentic_index),
                "max_agentic_index": number(max_agentic_index),
                "min_tool_success_rate": number(min_tool_success_rate),
                "max_tool_success_rate": number(max_tool_success_rate),
            },
        )

    def count(
        self,
        *,
        http_referer: str | None = None,
        x_open_router_title: str | None = None,
        x_open_router_categories: str | None = None,
        output_modalities: str | None = None,
        retries: OptionalNullable[RetryConfig] = UNSET,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        http_headers: Mapping[str, str] | None = None,
    ) -> components.ModelsCountResponse:
        """Count models.

        :param http_referer: The calling app's URL.
        :param x_open_router_title: The calling app's name.
        :param x_open_router_categories: The calling app's categories, comma-separated.
        :param output_modalities: Kinds of output, any of them (comma-separated), or "all"; text when absent.
        :param retries: When to repeat the call, in place of the client's setting; None for a single attempt.
        :param server_url: The server to ask, in place of the client's.
        :param timeout_ms: The longest an attempt may take in milliseconds, in place of the client's setting.
        :param http_headers: Headers to add or replace.
        :raises errors.OpenRouterError: BadRequestResponseError, InternalServerResponseError, ...
        """
        return self._sync_calls.send(
            contracts.COUNT_MODELS,
            components.ModelsCountResponse,
            Options(
                http_referer,
                x_open_router_title,
                x_open_router_categories,
                retries,
                server_url,
                timeout_ms,
                http_headers,
            ),
            query={"output_modalities": output_modalities},
        )

    def list_for_user(
        self,
        *,
        security: operations.ListModelsUserSecurity | operations.ListModelsUserSecurityTypedDict,
        http_referer: str | None = None,
        x_open_router_title: str | None = None,
        x_open_router_categories: str | None = None,
        offset: OptionalNullable[int] = UNSET,
        limit: int | None = None,
        output_modalities: str | None = None,
        sort: operations.ListModelsUserSort | None = None,
        retries: OptionalNullable[RetryConfig] = UNSET,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        http_headers: Mapping[str, str] | None = None,
    ) -> ModelsPage:
        """List the models that a key may see and call, after its provider preferences, privacy settings and guardrails.

        :param security: The key whose models are listed; it replaces the client's own for this call.
        :param http_referer: The calling app's URL.
        :param x_open_router_title: The calling app's name.
        :param x_open_router_categories: The calling app's categories, comma-separated.
        :param offset: How many models to skip.
        :param limit: How many models a page has, at most 1000; all on one page without it.
        :param output_modalities: Kinds of output, any of them (comma-separated), or "all"; text when absent.
        :param sort: Order of the list; models without the figure come last.
        :param retries: When to repeat the call, in place of the client's setting; None for a single attempt.
        :param server_url: The server to ask, in place of the client's.
        :param timeout_ms: The longest an attempt may take in milliseconds, in place of the client's setting.
        :param http_headers: Headers to add or replace.
        :raises errors.OpenRouterError: UnauthorizedResponseError, NotFoundResponseError, ...
        """
        return self._sync_calls.list_models(
            contracts.LIST_MODELS_USER,
            Options(
                http_referer,
                x_open_router_title,
                x_open_router_categories,
                retries,
                server_url,
                timeout_ms,
                http_headers,
            ),
            {
                "offset": offset,
                "limit": limit,
                "output_modalities": output_modalities,
                "sort": sort,
            },
            security["bearer"] if isinstance(security, dict) else security.bearer,
        )
