"""Whatever is asked, the answer is a list or a 400 in the envelope, and filters mean the same together as apart."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from string import ascii_letters, digits
from urllib.parse import quote, quote_plus, urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import M
from tests.live.wire import Site
from trunkline.server.domain.catalog.filters import FILTERS
from trunkline.server.domain.catalog.query import MODEL_LIST
from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.domain.catalog.vocabulary import CATEGORIES, OUTPUT_MODALITIES

NAMES = [row.name for row in MODEL_LIST]
WORDS = (
    *CATEGORIES,
    *OUTPUT_MODALITIES,
    *SORTS,
    "all",
    "true",
    "false",
    "eu",
    "us",
    "tools",
    "Google",
    "openai",
    "GPT",
)
NUMBERS = st.one_of(
    st.integers(-2, 2_000_000).map(str),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.floats().map(repr),
)
VALUES = st.one_of(
    st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), max_size=4).map(",".join), NUMBERS, st.text(max_size=20)
)
PAIRS = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.text(max_size=5)), VALUES), max_size=6)
BYTES = st.binary(max_size=40).map(quote)
# What may stand in a URL; a request line with anything else does not get past the HTTP parser.
SIGNS = "-._~!$&'()*+,;=:@/%"
ASCII = st.text(st.sampled_from(ascii_letters + digits + SIGNS), max_size=60)
QUERIES = st.one_of(
    PAIRS.map(lambda pairs: urlencode(pairs, errors="surrogatepass")),
    PAIRS.map(lambda pairs: urlencode(pairs, quote_via=quote, errors="surrogatepass")),
    BYTES,
    ASCII,
    st.tuples(st.sampled_from(NAMES), ASCII).map("=".join),
    st.tuples(st.sampled_from(NAMES), BYTES).map("=".join),
)
# The server is the same for all examples on purpose: what one leaves behind must not matter to the next.
often = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@often
@given(query=QUERIES)
def test_any_query_gives_a_list_or_says_what_is_wrong(site: Site, query: str):
    reply = site.line(b"/api/v1/models?" + query.encode("ascii"))
    if reply.status == 400:
        error = reply.error(400)
        assert error["message"] == "Invalid request parameters"
        issues = error["metadata"]["issues"]
        assert issues
        assert all(issue["path"] in (*NAMES, "query") and issue["message"] for issue in issues)
        return
    assert reply.status == 200
    if reply.headers["content-type"].startswith("application/rss+xml"):
        assert ET.fromstring(reply.body).tag == "rss"
        return
    body = reply.json()
    assert body.keys() == {"data", "total_count", "links"}
    assert body["links"].keys() == {"next"}
    listed = [row["id"] for row in body["data"]]
    assert set(listed) <= set(M.values())
    assert len(set(listed)) == len(listed) <= body["total_count"] <= len(M)
    if (following := body["links"]["next"]) is not None:
        assert len(listed) < body["total_count"]
        after = site.get(f"/{following}")
        assert not set(after.ids) & set(listed)
        assert after.json()["total_count"] == body["total_count"]


@often
@given(
    path=st.one_of(
        ASCII,
        st.lists(st.one_of(st.text(max_size=8).map(quote_plus), BYTES), max_size=6).map("/".join),
        st.tuples(
            st.sampled_from(["model", "models", "endpoints"]),
            st.sampled_from(["openai", "~anthropic", "", "%00"]),
            st.one_of(ASCII, BYTES),
        ).map("/".join),
    )
)
def test_any_path_is_found_or_404(site: Site, path: str):
    reply = site.line(b"/api/v1/" + path.encode("ascii", "replace"))
    if reply.status != 200:
        reply.error(404)


NARROWING = {
    "category": ("programming", "marketing/seo", "legal"),
    "supported_parameters": ("tools", "reasoning,tools", "temperature"),
    "output_modalities": ("text", "image", "all", "embeddings"),
    "input_modalities": ("text", "text,image", "file"),
    "q": ("gpt", "llama 70b", "a"),
    "context": ("1", "65536", "131072", "1000001"),
    "min_price": ("0", "0.1", "2.00"),
    "max_price": ("0", "0.1", "3"),
    "min_output_price": ("0.3", "15"),
    "max_output_price": ("0.3", "15"),
    "arch": ("Llama", "GPT,Claude"),
    "model_authors": ("openai", "google,anthropic"),
    "providers": ("Google", "DeepInfra,azure"),
    "distillable": ("true", "false"),
    "zdr": ("true",),
    "region": ("eu", "us"),
    "min_age_days": ("0", "365", "800"),
    "max_age_days": ("100000", "1000"),
    "min_intelligence_index": ("0", "68.0", "70"),
    "max_intelligence_index": ("68", "71.4"),
    "min_coding_index": ("63.2",),
    "max_coding_index": ("63.1",),
    "min_agentic_index": ("0",),
    "max_agentic_index": ("100",),
    "min_tool_success_rate": ("0",),
    "max_tool_success_rate": ("1",),
}
FILTER_PAIRS = st.lists(
    st.sampled_from(sorted(NARROWING)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(NARROWING[name]))),
    max_size=4,
    unique_by=lambda pair: pair[0],
)


def test_every_filter_is_tried_below():
    assert NARROWING.keys() == FILTERS.keys()


@often
@given(chosen=FILTER_PAIRS, sort=st.sampled_from(sorted(SORTS)))
def test_filters_together_give_what_passes_each_of_them(site: Site, chosen: list[tuple[str, str]], sort: str):
    def listed(*pairs: tuple[str, str]) -> list[str]:
        named = dict(pairs)
        named.setdefault("output_modalities", dict(chosen).get("output_modalities", "text"))
        return site.get(f"/models?{urlencode(named)}").ids

    of_endpoints = [pair for pair in chosen if FILTERS[pair[0]].offers is not None]
    others = [pair for pair in chosen if FILTERS[pair[0]].offers is None]
    expected = set(listed(*of_endpoints))
    for pair in others:
        expected &= set(listed(pair))
    everything = site.get("/models?output_modalities=all").ids
    assert listed(*chosen) == [model for model in everything if model in expected]
    # One and the same endpoint must answer for all filters of endpoints: never more than each alone lets through.
    for pair in of_endpoints:
        assert expected <= set(listed(pair))
    # A sort changes the order, never the rows.
    assert sorted(listed(*chosen, ("sort", sort))) == sorted(listed(*chosen))
