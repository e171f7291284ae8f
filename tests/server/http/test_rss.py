"""The RSS feed of the model list, as a feed reader sees it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.factories import NOON, delivered, model_fact, seed
from tests.live.servers import in_process
from tests.live.wire import Reply, Site
from trunkline.server.settings import Settings

FIELDS = ("title", "link", "guid", "pubDate", "description")


def items(reply: Reply) -> list[dict[str, str]]:
    """Return a feed's items; the feed must be RSS 2.0 with a channel that says what it is."""
    assert (reply.status, reply.headers["content-type"]) == (200, "application/rss+xml; charset=utf-8")
    root = ET.fromstring(reply.body)
    assert (root.tag, root.attrib) == ("rss", {"version": "2.0"})
    (channel,) = root
    assert all(channel.findtext(name) for name in ("title", "link", "description"))
    read = [{child.tag: child.text or "" for child in item} for item in channel.findall("item")]
    assert all(set(item) == set(FIELDS) for item in read)
    return read


def test_an_item_says_name_slug_date_description_and_where_to_look(at_noon: Site):
    rows = {row["id"]: row for row in at_noon.get("/models").json()["data"]}
    feed = items(at_noon.get("/models?use_rss=true"))
    assert [item["link"].removeprefix("https://models.example/") for item in feed] == list(rows)
    for item, row in zip(feed, rows.values(), strict=True):
        assert item["title"] == f"{row['name']} ({row['id']})"
        assert item["guid"] == item["link"]
        assert item["description"] == row.get("description", "")
        date = parsedate_to_datetime(item["pubDate"])
        assert (int(date.timestamp()), item["pubDate"][-4:]) == (row["created"], " GMT")
    assert feed[3]["description"] == 'Breaks feeds: <b>& ]]> and "quotes".'


def test_chat_links_lead_to_the_chat_page_with_the_model(at_noon: Site):
    rows = at_noon.get("/models?output_modalities=all").ids
    feed = items(at_noon.get("/models?use_rss=true&use_rss_chat_links=true&output_modalities=all"))
    for item, model in zip(feed, rows, strict=True):
        link = urlsplit(item["link"])
        assert (link.scheme, link.netloc, link.path) == ("https", "models.example", "/chat")
        assert parse_qs(link.query) == {"models": [model]}
        assert not {"/", ":"} & set(link.query)


@pytest.mark.parametrize(
    "query", ["", "q=gpt", "sort=context-high-to-low", "limit=2", "offset=3&limit=3", "max_price=0", "region=eu"]
)
def test_the_feed_has_the_rows_of_the_list_in_its_order(at_noon: Site, query: str):
    feed = items(at_noon.get(f"/models?use_rss=true&{query}"))
    assert [item["link"].removeprefix("https://models.example/") for item in feed] == at_noon.get(
        f"/models?{query}"
    ).ids


def test_the_feed_is_only_given_when_it_is_asked_for(at_noon: Site):
    for query in ("", "?use_rss=false", "?use_rss=1", "?use_rss=", "?use_rss_chat_links=true"):
        assert at_noon.get(f"/models{query}", accept="application/rss+xml").ids == at_noon.get("/models").ids


def test_an_empty_feed_is_a_feed(at_noon: Site):
    assert items(at_noon.get("/models?use_rss=true&q=nothing+like+it")) == []


NASTY = "a]]>b]]]]>c<![CDATA[d\x00\x08\x0b\x1fe&amp;<f>\uffff\u2028🙂\r\n\t]]"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    pricing = {"prompt": "0", "completion": "0"}
    model = model_fact("a/b", name=NASTY, description=NASTY, created=1, pricing=pricing)
    home = seed(tmp_path_factory.mktemp("nasty") / "home", [delivered(model)])
    settings = Settings(home=home, rss_title="R&D <models> ]]>", site_url="https://models.example/a&b/")
    with in_process(settings, lambda: NOON) as running:
        yield running


def test_no_text_breaks_the_feed(nasty: Site):
    # XML cannot hold control characters and reads a carriage return as a line feed.
    shown = NASTY.translate(dict.fromkeys(map(ord, "\x00\x08\x0b\x1f\uffff"), "\ufffd")).replace("\r\n", "\n")
    (item,) = items(nasty.get("/models?use_rss=true"))
    assert (item["title"], item["description"]) == (f"{shown} (a/b)", shown)
    assert item["link"] == "https://models.example/a&b/a/b"
    assert ET.fromstring(nasty.get("/models?use_rss=true").body).findtext("./channel/title") == "R&D <models> ]]>"
    assert nasty.get("/models").json()["data"][0]["name"] == NASTY


def test_the_bundled_catalogue_makes_a_feed(bundled: Site):
    everything = bundled.get("/models?output_modalities=all").json()["data"]
    feed = items(bundled.get("/models?use_rss=true&output_modalities=all"))
    assert [item["title"] for item in feed] == [f"{row['name']} ({row['id']})" for row in everything]
    assert len(feed) > 200
