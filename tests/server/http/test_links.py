"""Every link that an answer carries leads on."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.live.wire import Site


def follow(site: Site, path: str) -> list[str]:
    """Return the ids of all pages; each page but the last must be as long as the limit."""
    seen: list[str] = []
    following: str | None = f"/api/v1{path}"
    while following is not None:
        parts = urlsplit(following)
        assert (parts.scheme, parts.netloc) == ("", "")
        reply = site.get(f"/{following}")
        page, following = reply.ids, reply.json()["links"]["next"]
        seen += page
        if following is not None:
            assert f"limit={len(page)}" in following
    return seen


@pytest.mark.parametrize("query", ["output_modalities=all", "sort=pricing-low-to-high", "zdr=true&sort=newest", "q=a"])
@pytest.mark.parametrize("limit", [1000, 500, 97])
def test_the_pages_of_the_bundled_catalogue_make_its_list(bundled: Site, query: str, limit: int):
    whole = bundled.get(f"/models?{query}")
    assert follow(bundled, f"/models?{query}&limit={limit}") == whole.ids
    assert follow(bundled, f"/models?limit={limit}&{query}&offset=0") == whole.ids
    assert whole.json()["total_count"] == len(whole.ids) == len(set(whole.ids)) > 0


def test_embedding_models_are_paged_in_the_same_way(bundled: Site):
    whole = bundled.get("/embeddings/models").ids
    assert whole == bundled.get("/models?output_modalities=embeddings").ids
    assert follow(bundled, "/embeddings/models?limit=2") == whole


@pytest.mark.parametrize(
    ("query", "following"),
    [
        ("limit=2", "offset=2&limit=2"),
        ("limit=2&offset=4", "offset=6&limit=2"),
        ("offset=1&sort=newest&limit=2&q=a", "sort=newest&q=a&offset=3&limit=2"),
        ("limit=2&output_modalities=text%2Cimage&q=a+%41", "output_modalities=text%2Cimage&q=a+%41&offset=2&limit=2"),
        ("limit=9&limit=2&unknown", "unknown&offset=2&limit=2"),
        ("q=%F0%9F%99%82&q=a&limit=2", "q=%F0%9F%99%82&q=a&offset=2&limit=2"),
        ("%6cimit=2", "%6cimit=2&offset=2&limit=2"),
    ],
)
def test_the_next_page_keeps_the_rest_of_the_query_as_it_was_sent(site: Site, query: str, following: str):
    link = site.get(f"/models?{query}").json()["links"]["next"]
    assert link == f"/api/v1/models?{following}"
    assert site.get(f"/{link}").status == 200


def test_bytes_that_no_url_may_hold_are_encoded_in_the_next_link(site: Site):
    reply = site.line("/api/v1/models/?x=é🙂&limit=2".encode())
    assert reply.json()["links"]["next"] == "/api/v1/models?x=%C3%A9%F0%9F%99%82&offset=2&limit=2"


def test_the_last_page_has_no_next_even_when_it_is_full(site: Site):
    for query in (
        "limit=9",
        "limit=3&offset=6",
        "offset=8",
        "limit=1000",
        "offset=9&limit=1",
        "offset=999999999999999",
    ):
        assert site.get(f"/models?{query}").json()["links"] == {"next": None}
    assert site.get("/models?limit=8").json()["links"]["next"] is not None


def test_the_details_of_every_bundled_model_are_there(bundled: Site):
    rows = bundled.get("/models?output_modalities=all").json()["data"]
    assert len(rows) > 200
    for row in rows:
        reply = bundled.get(f"/{row['links']['details']}")
        assert reply.status == 200, row["id"]
        data = reply.json()["data"]
        assert data.keys() == {"id", "name", "created", "description", "architecture", "endpoints"}
        own = bundled.get(f"/model/{data['id']}").json()["data"]
        assert own["canonical_slug"] == row["canonical_slug"]


def test_every_bundled_model_is_found_by_its_id_as_the_list_shows_it(bundled: Site):
    for row in bundled.get("/models?output_modalities=all").json()["data"]:
        assert bundled.get(f"/model/{row['id']}").json() == {"data": row}
        assert bundled.get(f"/models/{row['id']}/endpoints").json()["data"]["id"] == row["id"]
