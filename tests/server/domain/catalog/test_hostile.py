"""Rows that somebody wrote to break us: kept exactly or left out with a problem, never an exception."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain import strategies
from tests.server.domain.fixture import NOW, alias, built, endpoint, fact, ids, listed, model, price, provider, snapshot
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import BASE, Fact, Kind, Layered
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.errors import BadRequest
from trunkline.server.http.views import rss
from trunkline.server.usecases.models import list_models

TEXTS = {
    "markup": "<script>alert(1)</script>&amp;\"'",
    "cdata": "]]>]]]]><![CDATA[<x>]]>",
    "entities": "&lol; <!DOCTYPE x [<!ENTITY lol 'x'>]> &#0; &#xD800;",
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\x85\x9f",
    "crlf": "a\r\nSet-Cookie: x\r\n\r\n",
    "right to left": "\u202eevil\u202c \u2066a\u2069 \u05d0\u0627",
    "separators": "\u2028\u2029\ufeff\u200b\u00ad",
    "non-characters": "\ufffe\uffff\ufdd0\U0001ffff",
    "astral": "\U0001f600\U00010ffff"[:1] + "\U0010ffff",
    "combining": "Z" + "\u0301" * 1000,
    "a megabyte": "<&]]>\x00" * 175_000,
    "sql": "'; DROP TABLE models; --",
    "format": "%s%n{0}{{}}${7*7}",
    "case": "İıſKΐ",
    "empty": "",
    "blank": " \t\n ",
}


@pytest.mark.parametrize("name", TEXTS)
def test_odd_names_and_descriptions_are_kept_exactly(name: str):
    text = TEXTS[name]
    facts = [
        model("a/b", {"categories": [text]}, name=text, description=text, hugging_face_id=text, x_future={text: text}),
        endpoint("a/b", "p", name=text, provider_name=text, quantization=text),
        provider("p", text, status_page_url=text),
    ]
    of = snapshot(facts)
    shown = of.find("a/b").decode()
    assert (shown["name"], shown["description"], shown["hugging_face_id"], shown["x_future"]) == (
        text,
        text,
        text,
        {text: text},
    )
    assert of.find("a/b").endpoints[0].wire["name"] == text
    assert of.providers[0]["status_page_url"] == text


@pytest.mark.parametrize("name", TEXTS)
def test_a_search_for_an_odd_name_s_own_words_finds_it(name: str):
    of = snapshot([model("a/b", name=TEXTS[name]), model("a/other", name="plain")])
    for word in TEXTS[name].split()[:3]:
        assert "a/b" in listed(of, ("q", word[:200]))


@pytest.mark.parametrize("chat_links", [False, True])
def test_a_feed_of_odd_rows_is_well_formed(chat_links: bool):
    facts = [
        model(f"a/m{number}", name=text, description=text, created=number * 10**10)
        for number, text in enumerate(TEXTS.values())
    ]
    facts.append(model("a/last", created=253_402_300_799, description=None))
    page = list_models(snapshot(facts), {}, NOW)
    document = rss.feed(page, title="A & <B> ]]>\x00", site_url="https://x.test/?a=1&b=2", chat_links=chat_links)
    items = ET.fromstring(document).findall("./channel/item")
    assert len(items) == len(TEXTS) + 1
    titles = {item.findtext("title") for item in items}
    assert "<script>alert(1)</script>&amp;\"' (a/m0)" in titles
    assert any(title.startswith("]]>]]]]><![CDATA[<x>]]>") for title in titles)
    assert items[0].findtext("pubDate") == "Fri, 31 Dec 9999 23:59:59 GMT"


@given(st.text(), st.text())
def test_any_text_makes_a_well_formed_feed(name: str, description: str):
    of, problems = built([model("a/b", name=name, description=description)])
    assert problems == ()
    page = list_models(of, {}, NOW)
    feed = ET.fromstring(rss.feed(page, title=name, site_url="https://x.test", chat_links=False))
    assert len(feed.findall("./channel/item")) == 1


UNREADABLE = {
    "lone high surrogate": b'{"name":"\\ud800"}',
    "lone low surrogate": b'{"name":"\\udc00x"}',
    "surrogate in an unknown field": b'{"name":"x","x_future":{"a":["\\udfff"]}}',
    "surrogate in a key": b'{"name":"x","\\ud800":1}',
    "not UTF-8": b'{"name":"\xff"}',
    "encoded surrogate": b'{"name":"\xed\xa0\x80"}',
    "overlong": b'{"name":"\xc0\xaf"}',
    "not UTF-8 in an unknown field": b'{"name":"x","x_future":"\xff"}',
    "number beyond range": b'{"name":"x","context_length":1e999}',
    "number beyond range in an unknown field": b'{"name":"x","x_future":1e999}',
    "NaN": b'{"name":"x","context_length":NaN}',
    "cut off": b'{"name":"x"',
    "two documents": b'{"name":"x"}{}',
    "byte order mark": b'\xef\xbb\xbf{"name":"x"}',
    "raw control character": b'{"name":"a\x01"}',
    "nested too deep": b'{"name":"x","x_future":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "objects nested too deep": b'{"name":"x","x_future":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_row_that_cannot_be_read_is_left_out_with_a_problem(name: str):
    of, problems = built([Fact(Kind.MODEL, "a/bad", UNREADABLE[name]), model("a/good")])
    assert ids(of) == ["a/good"]
    assert [problem.row for problem in problems] == ["a/bad"]


def whole_row_with(tail: bytes) -> bytes:
    """Return a row that states everything the API requires, and one unknown field more."""
    body = snapshot([model("a/bad", created=5)]).rows[0].body
    return body[:-1] + b',"x_future":' + tail + b"}"


@pytest.mark.parametrize("tail", [b'"\\ud800"', b'"\xff"', b"1e999", b"[" * 200_000 + b"]" * 200_000, b"[", b"nope"])
def test_a_whole_row_is_read_to_its_unknown_end(tail: bytes):
    of, problems = built([Fact(Kind.MODEL, "a/bad", whole_row_with(tail))])
    assert list(of.rows) == []
    assert [problem.row for problem in problems] == ["a/bad"]


@pytest.mark.parametrize("kind", [Kind.ENDPOINT, Kind.PROVIDER, Kind.ALIAS])
@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_rows_of_other_kinds_are_left_out_with_a_problem(kind: Kind, name: str):
    key = {Kind.ENDPOINT: "a/good bad 0", Kind.PROVIDER: "bad", Kind.ALIAS: "a/bad"}[kind]
    of, problems = built([Fact(kind, key, UNREADABLE[name]), model("a/good")])
    assert ids(of) == ["a/good"]
    assert [problem.row for problem in problems] == [key]
    assert of.find("a/good").endpoints == ()


@pytest.mark.parametrize("kind", [Kind.MODEL, Kind.ENDPOINT, Kind.PROVIDER])
@pytest.mark.parametrize("notes", [b"", b"[]", b"null", b'{"x":"\\ud800"}', b"\xff", b"[" * 200_000])
def test_unreadable_notes_leave_their_row_out_with_a_problem(kind: Kind, notes: bytes):
    key = {Kind.MODEL: "a/bad", Kind.ENDPOINT: "a/good bad 0", Kind.PROVIDER: "bad"}[kind]
    of, problems = built([Fact(kind, key, b'{"name":"x"}', notes), model("a/good")])
    assert ids(of) == ["a/good"]
    assert [problem.row for problem in problems] == [key]


@pytest.mark.parametrize(
    "key",
    [
        "", "a", "a/", "/b", "a//b", "a/b/c", "A/b", "a/B", "a%2Fb", "a/b%2fc", "../b", "a/..", "a/../b", "./a/b",
        "a/b ", " a/b", "a /b", "a/b\n", "a/b\x00", "a/b?x=1", "a/b#x", "a\\b", "a/b:", "a/b::free", "a/b:FREE",
        "~~a/b", "@preset/b", "\u0430/b", "a/\u212a", "a\u2215b", "a/b\u200b", "\uff41/b", "a/b\u202e", "a/<b>",
        "a/b]]>", "a/\U0001f600",
    ],
)  # fmt: skip
def test_an_id_outside_of_the_grammar_is_left_out_with_a_problem(key: str):
    of, problems = built([Fact(Kind.MODEL, key, b'{"name":"x"}'), endpoint("a/good", "p"), model("a/good")])
    assert ids(of) == ["a/good"]
    assert [(problem.row, problem.field) for problem in problems] == [(key, "id")]
    assert of.find(key) is None


def test_an_id_that_no_encoding_can_write_is_left_out_with_a_problem():
    of, problems = built(
        [Fact(kind, "a/\ud800", b'{"name":"x","target":"a/good"}') for kind in Kind] + [model("a/good")]
    )
    assert ids(of) == ["a/good"]
    assert {problem.row for problem in problems} == {"a/\ud800"}


def test_an_id_of_a_megabyte_is_an_id():
    key = "a/" + "b" * 2**20
    of = snapshot([model(key)])
    assert of.find(key.upper()).id == key


def test_a_row_cannot_pose_as_another():
    facts = [model("a/good", created=1, name="Real"), model("a/evil", id="a/good", created=2, name="Fake")]
    of, problems = built(facts)
    assert [(problem.row, problem.field) for problem in problems] == [("a/evil", "id")]
    assert of.find("a/good").decode()["name"] == "Real"
    assert len(of.rows) == len(of.positions) == 1


@pytest.mark.parametrize("text", ["\ud800", "\x00", "%", "%2F", "..", "a" * 2**20, "\u202e", "*", "[", "a,b" * 10_000])
def test_hostile_queries_are_answered_or_refused(text: str):
    of = snapshot([model("a/b")])
    for parameter in query.MODEL_LIST:
        try:
            listed(of, (parameter.name, text))
        except BadRequest as refused:
            assert [issue.path for issue in refused.issues] == [parameter.name]  # noqa: PT017 - either answer is right


def test_long_lists_of_words_cost_no_more_than_their_length():
    of = snapshot([model(f"a/m{number}", architecture={"tokenizer": f"Group{number}"}) for number in range(300)])
    words = ",".join(f"Group{number % 7}x{number}" for number in range(20_000))
    assert listed(of, ("arch", words)) == listed(of, ("providers", words)) == listed(of, ("model_authors", words)) == []
    assert len(listed(of, ("q", "group m a " * 50_000))) == 0
    assert len(listed(of, ("q", "m a " * 50_000))) == 300


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["a/b", "-1", "0.5", "eu", "monday"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = {
    Kind.MODEL: [
        "id", "canonical_slug", "name", "created", "pricing", "context_length", "architecture", "top_provider", "links",
        "supported_parameters", "benchmarks", "alias_target", "reasoning", "default_parameters",
    ],
    Kind.ENDPOINT: ["tag", "provider_name", "pricing", "status", "context_length", "supported_parameters"],
    Kind.PROVIDER: ["slug", "name", "privacy_policy_url", "datacenters"],
    Kind.ALIAS: ["target"],
}  # fmt: skip
NOTES = ["categories", "distillable", "hidden", "first_listed", "data_policy", "regions", "provider", "private_to"]
NESTED = {
    "pricing": ["prompt", "completion", "overrides", "discount", "web_search"],
    "architecture": ["modality", "input_modalities", "output_modalities", "tokenizer"],
    "alias_target": ["slug", "name"],
    "data_policy": ["training", "retains", "retention_days"],
    "top_provider": ["is_moderated", "context_length"],
    "benchmarks": ["design_arena", "artificial_analysis"],
}


def objects(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw objects of the named fields with values of any type; some fields one level deeper."""
    fields = {
        name: json_values | st.fixed_dictionaries({}, optional=dict.fromkeys(NESTED.get(name, ()), json_values))
        for name in names
    }
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def wild_facts(draw: st.DrawFn) -> Fact:
    kind = draw(st.sampled_from(list(Kind)))
    key = {
        Kind.MODEL: st.sampled_from(("a/b", "a/b:free", "~a/b-latest", "c/d", "X")),
        Kind.ENDPOINT: st.sampled_from(("a/b p 0", "a/b p 1", "c/d q 0", "x")),
        Kind.PROVIDER: st.sampled_from(("p", "q")),
        Kind.ALIAS: st.sampled_from(("a/b", "e/f", "g/h")),
    }[kind]
    wire = draw(objects(FIELDS[kind]) | json_values | st.binary(max_size=5))
    notes = draw(objects(NOTES))
    return fact(kind, draw(key), wire, notes)


def exercise(of: Snapshot) -> None:
    """Ask a snapshot for everything that it can be asked for."""
    for row in of.rows:
        assert msgspec.json.decode(row.body)["id"] == row.id
        msgspec.json.encode([found.wire for found in row.endpoints])
        assert of.locate(row.id) is not None
        assert (of.find(row.id) is not None) == (row.standing.private_to == ())
    rss.feed(list_models(of, {"output_modalities": ()}, NOW), title="x", site_url="https://x", chat_links=False)
    for name in of.index.orders:
        listed(of, ("sort", name), ("zdr", "true"), ("region", "eu"), ("min_price", "0"), ("q", "a"))
    of.at(NOW + 86_400 * 3 + 4321)


@given(st.lists(wild_facts(), max_size=6))
def test_no_fact_whatever_makes_the_build_raise(facts: list[Fact]):
    of, problems = built(facts)
    exercise(of)
    keys = {item.key for item in facts}
    assert all(problem.row in keys and problem.message for problem in problems)


@given(strategies.catalogues(largest=4), st.lists(wild_facts(), max_size=4), st.sampled_from([BASE, "overlay"]))
def test_no_overlay_whatever_makes_the_build_raise(facts: list[Fact], wild: list[Fact], layer: str):
    of, _ = build([*(Layered(BASE, item) for item in facts), *(Layered(layer, item) for item in wild)], 1, NOW)
    exercise(of)


@given(strategies.catalogues(largest=4), st.data())
def test_no_changed_byte_makes_the_build_raise(facts: list[Fact], data: st.DataObject):
    changed = []
    for item in facts:
        wire = bytearray(item.wire)
        for _ in range(data.draw(st.integers(0, 2))):
            wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
        changed.append(Fact(item.kind, item.key, bytes(wire), item.notes))
    of, _ = built(changed)
    exercise(of)


def test_a_hostile_price_neither_overflows_nor_becomes_free():
    facts = [model("a/b"), endpoint("a/b", "p", pricing=price("9" * 40, "0." + "0" * 39 + "1"))]
    of = snapshot(facts)
    assert of.rows[0].decode()["pricing"] == price("9" * 40, "0." + "0" * 39 + "1")
    assert listed(of, ("max_price", "1e45")) == []
    assert listed(of, ("min_price", "1e45"), ("sort", "pricing-low-to-high")) == ["a/b"]


def test_a_chain_of_aliases_with_odd_links_still_ends():
    chain = [alias(f"a/n{number}", f"a/n{number + 1}") for number in range(10_000)]
    of, problems = built([*chain, alias("a/n10000", "A/B"), alias("bad", "a/n0"), model("a/b")])
    assert [problem.row for problem in problems] == ["bad"]
    assert of.find("a/n0") is None
