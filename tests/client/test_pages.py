"""Paged results: `.next()`, and iteration over all of them."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import pytest

from tests.client.rows import model, page
from tests.client.upstream import Answer, Asked, Upstream, answer
from tests.live.wire import Site
from trunkline import OpenRouter, components, operations

ROWS = [model(f"acme/{number}") for number in range(7)]
IDS = [row["id"] for row in ROWS]


def linking(asked: Asked) -> Answer:
    """Page as Trunkline does: the next page's relative address, null on the last."""
    query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", 500))
    rest = offset + limit < len(ROWS)
    following = f"/api/v1/models?sort=newest&offset={offset + limit}&limit={limit}" if rest else None
    return answer(page(*ROWS[offset : offset + limit], total=len(ROWS), following=following))


def counting(asked: Asked) -> Answer:
    """Page as servers before links do: `data` alone."""
    query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", len(ROWS)))
    return answer({"data": ROWS[offset : offset + limit]})


@pytest.mark.parametrize("limit", [1, 3, 7, 8])
def test_next_goes_from_page_to_page_and_ends_with_none(upstream: Upstream, client: OpenRouter, limit: int):
    upstream.plays(linking)
    shown: list[str] = []
    following: operations.GetModelsResponse | None = client.models.list(limit=limit, sort="newest")
    while following is not None:
        assert len(following.data) <= limit
        shown += [row.id for row in following.data]
        following = following.next()
    assert shown == IDS


@pytest.mark.parametrize("limit", [1, 3, 7, 8])
@pytest.mark.parametrize("script", [linking, counting])
def test_iterating_goes_through_all_pages(upstream: Upstream, client: OpenRouter, limit: int, script: object):
    upstream.plays(script)  # type: ignore[arg-type]

    async def awaited() -> list[str]:
        return [row.id async for row in await client.models.list_async(limit=limit)]

    assert [row.id for row in client.models.list(limit=limit)] == IDS
    assert asyncio.run(awaited()) == IDS


def test_an_awaited_page_awaits_its_next(upstream: Upstream, client: OpenRouter):
    upstream.plays(linking)

    async def second() -> components.Model | None:
        first = await client.models.list_async(limit=1)
        following = await first.next()
        return following.data[0] if following else None

    assert asyncio.run(second()) == components.Model.over(ROWS[1])


def test_every_page_is_asked_with_the_same_filters(upstream: Upstream, client: OpenRouter):
    upstream.plays(linking)
    list(client.models.list(limit=3, sort="newest", max_price=1, http_headers={"x-trace": "7"}))
    assert [asked.query for asked in upstream.asked] == [
        "limit=3&sort=newest&max_price=1.0",
        "offset=3&limit=3&sort=newest&max_price=1.0",
        "offset=6&limit=3&sort=newest&max_price=1.0",
    ]
    assert {asked.headers["x-trace"] for asked in upstream.asked} == {"7"}


def test_a_list_without_paging_is_one_page(upstream: Upstream, client: OpenRouter):
    upstream.plays(counting)
    listed = client.models.list()
    assert [row.id for row in listed] == IDS
    assert listed.next() is None
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/api/v1/models?offset=1&limit=1",
        "/api/v1/keys?offset=1&limit=1",
        "//elsewhere.example?limit=1&offset=1",
    ],
)
def test_of_a_link_only_the_numbers_are_taken(upstream: Upstream, client: OpenRouter, link: str):
    upstream.plays(answer(page(model(), following=link)), answer(page(model("acme/two"))))
    assert [row.id for row in client.models.list(limit=1)] == ["acme/one", "acme/two"]
    assert upstream.asked[1].target == "/api/v1/models?offset=1&limit=1"


@pytest.mark.parametrize("link", ["/api/v1/models", "?offset=x&limit=1", "?offset=0&limit=1", "?offset=5&limit=-1"])
def test_a_link_that_leads_nowhere_ends_the_list(upstream: Upstream, client: OpenRouter, link: str):
    upstream.plays(answer(page(model(), following=link)))
    assert client.models.list(limit=1).next() is None


def test_a_page_is_the_list_response_of_older_clients_and_the_result_of_newer_ones(
    upstream: Upstream, client: OpenRouter
):
    upstream.plays(linking)
    listed = client.models.list()
    assert isinstance(listed, components.ModelsListResponse)
    assert listed.result.data[0].id == IDS[0]
    assert listed.total_count == len(IDS)


def test_all_pages_of_a_live_server_are_its_whole_list(bundled: Site):
    with OpenRouter(server_url=bundled.url) as client:
        whole = [row.id for row in client.models.list(output_modalities="all").data]
        paged = [row.id for row in client.models.list(output_modalities="all", limit=70)]
    assert paged == whole
    assert len(whole) > 300
