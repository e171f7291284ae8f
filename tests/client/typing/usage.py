"""How people use the client, as type checkers see it. Checked by mypy --strict and pyright, never run."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

from trunkline import OpenRouter, components, errors, operations, types, utils


def blocking() -> None:
    with OpenRouter(api_key=lambda: "sk", server_url="http://h/api/v1", timeout_ms=500, retry_config=None) as client:
        listed = client.models.list(
            category="programming",
            sort="a sort of tomorrow",
            max_price=None,
            min_price=types.UNSET,
            min_output_price=Decimal("0.5"),
            zdr="true",
            retries=utils.RetryConfig("backoff", utils.BackoffStrategy(500, 60_000, 1.5, 60_000), True),
            http_headers={"X-Trace": "1"},
        )
        assert_type(listed, operations.ModelsPage)
        assert_type(listed.data, list[components.Model])
        assert_type(listed.next(), operations.ModelsPage | None)
        for model in listed:
            assert_type(model, components.Model)
            assert_type(model.id, str)
            assert_type(model.context_length, int | None)
            assert_type(model.expiration_date, str | None | types.Unset)
            assert_type(model.pricing.prompt, str)
            assert_type(model.pricing.prompt_usd_per_million_tokens, Decimal | None)
            assert_type(model.pricing.usd_per_unit("request"), Decimal | None)
            assert_type(model.architecture.modality, str | None)
        assert_type(client.models.get(author="openai", slug="gpt-4").data.name, str)
        assert_type(client.models.count().data.count, int)
        theirs = client.models.list_for_user(security=operations.ListModelsUserSecurity(bearer="sk"))
        assert_type(theirs, operations.ModelsPage)
        assert_type(client.models.list_for_user(security={"bearer": "sk"}), operations.ModelsPage)
        assert_type(client.endpoints.list(author="a", slug="b").data.endpoints, list[components.PublicEndpoint])
        assert_type(client.providers.list().data[0].privacy_policy_url, str | None)


async def awaited() -> None:
    async with OpenRouter() as client:
        page = await client.models.list_async(limit=100)
        assert_type(page, operations.AsyncModelsPage)
        assert_type(await page.next(), operations.AsyncModelsPage | None)
        async for model in page:
            assert_type(model, components.Model)
        assert_type((await client.models.count_async()).data.count, int)


def failing(client: OpenRouter) -> str:
    try:
        client.models.get(author="openai", slug="gpt-5")
    except errors.NotFoundResponseError as error:
        assert_type(error.data.error.code, int)
        assert_type(error.status_code, int)
        return error.headers.get("retry-after", "")
    except errors.OpenRouterError as error:
        return f"{error.message} {error.body} {error.request.url}"
    return ""


def by_hand() -> components.PublicPricing:
    return components.PublicPricing(prompt="0.1", completion="0.2")
