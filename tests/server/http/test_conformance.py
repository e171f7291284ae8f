"""The numbered conformance cases of the model catalogue, each against a real server on a real socket.

A row is a case's number, a path, and what must be true of the answer; a case may take several rows.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from tests.factories import M, ids
from tests.live.wire import Reply, Site

Check = Callable[[Site, Reply], None]

ALL = "M10 M3 M8 M2 M6 M4 M5 M9 M1"
"""The catalogue order of the text models: newest first, then by id."""


def lists(names: str) -> Check:
    """The list holds exactly these models in this order, and counts them."""

    def check(site: Site, reply: Reply) -> None:
        assert reply.ids == ids(names)
        assert reply.json()["total_count"] == len(reply.ids)
        assert reply.json()["links"] == {"next": None}

    return check


def shows(name: str) -> Check:
    """The answer is this model: the very row of the list."""

    def check(site: Site, reply: Reply) -> None:
        assert reply.status == 200
        rows = {row["id"]: row for row in site.get("/models?output_modalities=all").json()["data"]}
        assert reply.json() == {"data": rows[M[name]]}

    return check


def fails(status: int, message: str) -> Check:
    """The answer is an error in the envelope, with this message."""

    def check(site: Site, reply: Reply) -> None:
        assert reply.error(status)["message"] == message

    return check


def names_the_parameter(name: str) -> Check:
    """The answer is a 400 that says which parameter is wrong and what it takes."""

    def check(site: Site, reply: Reply) -> None:
        error = reply.error(400)
        assert error["message"] == "Invalid request parameters"
        (issue,) = error["metadata"]["issues"]
        assert issue["path"] == name
        assert issue["message"].startswith("expected ")

    return check


def same_as(path: str) -> Check:
    """The answer is that of another path, byte by byte."""

    def check(site: Site, reply: Reply) -> None:
        assert (reply.status, reply.body) == (200, site.get(path).body)

    return check


def page_of_four(site: Site, reply: Reply) -> None:
    assert reply.ids == ids("M10 M3 M8 M2")
    assert reply.json()["total_count"] == 9
    assert reply.json()["links"]["next"] == "/api/v1/models?offset=4&limit=4"


def all_pages_make_the_list(site: Site, reply: Reply) -> None:
    seen = reply.ids
    while (following := reply.json()["links"]["next"]) is not None:
        reply = site.get(f"/{following}")
        assert reply.json()["total_count"] == 9
        seen += reply.ids
    assert seen == ids(ALL)


def next_keeps_the_query(site: Site, reply: Reply) -> None:
    assert len(reply.ids) == 2
    assert reply.json()["links"]["next"] == "/api/v1/models?sort=newest&zdr=true&offset=2&limit=2"


def beyond_the_end(site: Site, reply: Reply) -> None:
    assert reply.status == 200
    assert reply.json() == {"data": [], "total_count": 9, "links": {"next": None}}


def from_the_fourth(site: Site, reply: Reply) -> None:
    assert reply.ids == ids(ALL)[3:]
    assert reply.json()["total_count"] == 9
    assert reply.json()["links"]["next"] is None


def parts_the_list(site: Site, reply: Reply) -> None:
    others = site.get("/models?distillable=false").ids
    assert reply.ids == ids("M4")
    assert not set(reply.ids) & set(others)
    assert {*reply.ids, *others} == set(site.get("/models").ids)


def counts(number: int, list_path: str) -> Check:
    """The count is this, and what the list says."""

    def check(site: Site, reply: Reply) -> None:
        assert reply.status == 200
        assert reply.json() == {"data": {"count": number}}
        assert site.get(list_path).json()["total_count"] == number

    return check


def is_a_feed(site: Site, reply: Reply) -> None:
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/rss+xml; charset=utf-8"
    rows = site.get("/models").json()["data"]
    items = ET.fromstring(reply.body).findall("./channel/item")
    assert [parsedate_to_datetime(item.findtext("pubDate", "")).timestamp() for item in items] == [
        row["created"] for row in rows
    ]
    links = [item.findtext("link", "") for item in items]
    assert [link.endswith(f"/{row['id']}") for link, row in zip(links, rows, strict=True)] == [True] * 9
    chat = ET.fromstring(site.get("/models?use_rss=true&use_rss_chat_links=true").body)
    chat_links = [item.findtext("link", "") for item in chat.findall("./channel/item")]
    assert len(chat_links) == 9
    assert not set(chat_links) & set(links)


def has_the_endpoints_of_m1(site: Site, reply: Reply) -> None:
    assert reply.status == 200
    data = reply.json()["data"]
    assert data["id"] == M["M1"]
    assert [endpoint["tag"] for endpoint in data["endpoints"]] == ["openai", "azure"]
    assert reply.body == site.get("/models/openai/gpt-4/endpoints").body


def is_the_latest_row(site: Site, reply: Reply) -> None:
    assert reply.status == 200
    row, target = reply.json()["data"], site.get(f"/model/{M['M2']}").json()["data"]
    assert row["id"] == row["canonical_slug"] == M["M10"]
    assert row["alias_target"] == {"slug": M["M2"], "name": "Anthropic: Claude Sonnet 4.5"}
    of_its_own = {"id", "canonical_slug", "name", "created", "description", "links", "alias_target"}
    assert {key: row[key] for key in row if key not in of_its_own} == {
        key: target[key] for key in target if key not in of_its_own
    }


def holds_the_zdr_endpoints(site: Site, reply: Reply) -> None:
    assert reply.status == 200
    rows = [(row["model_id"], row["tag"]) for row in reply.json()["data"]]
    assert sorted(rows) == sorted(
        [
            ("openai/gpt-4-0613", "azure"),
            ("anthropic/claude-4.5-sonnet-20250929", "amazon-bedrock"),
            ("anthropic/claude-4.5-sonnet-20250929", "google-vertex/europe"),
            ("google/gemini-3-flash", "google-vertex"),
            ("meta-llama/llama-3.3-70b-instruct", "deepinfra"),
            ("google/gemini-3-image", "google-vertex"),
        ]
    )
    assert len({row["name"] for row in reply.json()["data"]}) == 6


NOT_FOUND = fails(404, "Resource not found")

CASES: tuple[tuple[int, str, Check], ...] = (
    (1, "/models", lists(ALL)),
    (3, "/models/", same_as("/models")),
    (4, "/models?output_modalities=embeddings", lists("M7")),
    (5, "/models?output_modalities=image,embeddings", lists("M8 M7")),
    (6, "/models?output_modalities=all", lists("M10 M3 M8 M2 M6 M4 M5 M7 M9 M1")),
    (6, "/models?output_modalities=text,all", lists("M10 M3 M8 M2 M6 M4 M5 M7 M9 M1")),
    (7, "/models?output_modalities=hologram", names_the_parameter("output_modalities")),
    (7, "/models/count?output_modalities=hologram", names_the_parameter("output_modalities")),
    (8, "/models/count", counts(9, "/models")),
    (8, "/models/count?output_modalities=all", counts(10, "/models?output_modalities=all")),
    (9, "/models?offset=0&limit=4", page_of_four),
    (10, "/models?offset=0&limit=4", all_pages_make_the_list),
    (10, "/models?limit=1", all_pages_make_the_list),
    (10, "/models?limit=3", all_pages_make_the_list),
    (11, "/models?sort=newest&zdr=true&limit=2", next_keeps_the_query),
    (12, "/models?offset=500", beyond_the_end),
    (13, "/models?limit=0", names_the_parameter("limit")),
    (13, "/models?limit=1001", names_the_parameter("limit")),
    (13, "/models?limit=1.5", names_the_parameter("limit")),
    (13, "/models?limit=", names_the_parameter("limit")),
    (13, "/models?offset=-1", names_the_parameter("offset")),
    (14, "/models?offset=3", from_the_fourth),
    (15, "/models?offset=0&limit=500", same_as("/models")),
    (16, "/models?sort=pricing-low-to-high", lists("M5 M6 M4 M3 M8 M10 M2 M1 M9")),
    (17, "/models?sort=pricing-high-to-low", lists("M1 M10 M2 M8 M3 M6 M4 M5 M9")),
    (18, "/models?sort=context-high-to-low", lists("M9 M3 M10 M2 M6 M4 M8 M5 M1")),
    (19, "/models?sort=intelligence-high-to-low", lists("M10 M2 M3 M8 M6 M4 M5 M9 M1")),
    (20, "/models?sort=design-arena-elo-high-to-low", lists("M10 M2 M3 M8 M6 M4 M5 M9 M1")),
    (21, "/models?sort=most-popular", same_as("/models?sort=top-weekly")),
    (22, "/models?sort=coding-high-to-low", lists("M10 M2 M3 M8 M6 M4 M5 M9 M1")),
    (23, "/models?sort=cheapest", names_the_parameter("sort")),
    (23, "/models?category=gardening", names_the_parameter("category")),
    (24, "/models?min_price=0.1&max_price=3", lists("M10 M3 M8 M2 M6 M4")),
    (25, "/models?max_price=0", lists("M5")),
    (25, "/models?max_price=0.0", lists("M5")),
    (26, "/models?min_price=5&max_price=1", lists("")),
    (27, "/models?max_price=NaN", names_the_parameter("max_price")),
    (27, "/models?max_price=-1", names_the_parameter("max_price")),
    (27, "/models?max_price=1e999", names_the_parameter("max_price")),
    (27, "/models?max_price=1e1", lists("M10 M3 M8 M2 M6 M4 M5")),
    (27, "/models?max_price=1e1", same_as("/models?max_price=10.0")),
    (28, "/models?context=131072", lists("M10 M3 M2 M6 M4 M9")),
    (29, "/models?input_modalities=text,image", lists("M10 M3 M2")),
    (30, "/models?supported_parameters=tools,nonexistent", lists("")),
    (30, "/models?supported_parameters=tools", lists("M10 M3 M2 M1")),
    (31, "/models?arch=llama", lists("M4 M5")),
    (32, "/models?model_authors=anthropic,google", lists("M10 M3 M8 M2")),
    (33, "/models?providers=Google", lists("M10 M3 M8 M2")),
    (33, "/models?providers=Google%20AI%20Studio", lists("M3")),
    (34, "/models?zdr=true", lists("M10 M3 M8 M2 M4 M1")),
    (35, "/models?zdr=false", names_the_parameter("zdr")),
    (36, "/models?zdr=true&region=eu&providers=Google", lists("M10 M2")),
    (37, "/models?region=us", lists("M10 M3 M8 M2 M6 M4 M5 M1")),
    (37, "/models?region=apac", names_the_parameter("region")),
    (38, "/models?distillable=true", parts_the_list),
    (39, "/models?q=GPT", lists("M6 M1")),
    (39, "/models?q=", lists(ALL)),
    (39, "/models?q=sonnet%204.5", lists("M2")),
    (40, "/models?use_rss=true", is_a_feed),
    (41, "/model/openai/gpt-4", shows("M1")),
    (42, "/model/openai/gpt-4:free", NOT_FOUND),
    (43, "/model/meta-llama/llama-3.3-70b-instruct:free", shows("M5")),
    (43, "/model/meta-llama/llama-3.3-70b-instruct%3Afree", shows("M5")),
    (44, "/model/anthropic/claude-sonnet-4-5", shows("M2")),
    (45, "/model/openai/gpt-4-0613", shows("M1")),
    (45, "/models/openai/gpt-4-0613/endpoints", has_the_endpoints_of_m1),
    (46, "/model/openai/gpt-4:nitro", shows("M1")),
    (46, "/model/openai/gpt-4:floor:nitro", shows("M1")),
    (46, "/model/openai/gpt-4:bogus", NOT_FOUND),
    (46, "/model/openai/gpt-4:", NOT_FOUND),
    (47, "/model/~anthropic/claude-sonnet-latest", is_the_latest_row),
    (50, "/endpoints/zdr", holds_the_zdr_endpoints),
    (77, "/model/acme/nothing", NOT_FOUND),
    (77, "/models/acme/nothing/endpoints", NOT_FOUND),
    (77, "/models?limit=x", fails(400, "Invalid request parameters")),
    (77, "/embeddings/models?limit=x", fails(400, "Invalid request parameters")),
    (77, "/nothing", NOT_FOUND),
)


@pytest.mark.parametrize(("number", "path", "check"), CASES, ids=[f"{number} {path}" for number, path, _ in CASES])
def test_case(site: Site, number: int, path: str, check: Check):
    check(site, site.get(path))


def test_case_2_a_bad_key_is_as_good_as_none(site: Site):
    for header in ("Bearer garbage", "Basic x", "", "bearer"):
        assert site.get("/models", authorization=header).body == site.get("/models").body


def test_every_case_has_a_row():
    assert {2, *(number for number, _, _ in CASES)} == {*range(1, 48), 50, 77}
