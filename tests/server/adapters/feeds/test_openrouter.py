"""OpenRouter's answers come in whole and unchanged, or are refused row by row."""

import json

import pytest

from tests.shared_data import shared
from trunkline.server.adapters.feeds.formats import FORMATS, read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.domain.catalog.facts import Kind
from trunkline.server.errors import FeedRefused


def read(document, **options):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_feed(data, "file.json", known=Known(), **options)


def model(**fields):
    return {"id": "acme/one", "name": "One", "pricing": {"prompt": "0.1", "completion": "0.2"}, **fields}


def faults(document):
    return [(problem.row, problem.field) for problem in read(document).problems if problem.fatal]


@pytest.mark.parametrize(
    ("name", "format_name", "count"),
    [
        ("openrouter-models-2026-08-22.json", "openrouter-models", 421),
        ("openrouter-models-2026-07-22.json", "openrouter-models", 342),
        ("openrouter-endpoints-2026-07-22.json", "openrouter-endpoints", 1023),
        ("openrouter-providers-2026-08-08.json", "openrouter-site-providers", 80),
    ],
)
def test_every_row_of_the_real_files_is_read_without_a_problem(name, format_name, count):
    delivery = read_feed(shared(f"data/{name}").read_bytes(), name, known=Known())
    assert delivery.format == format_name
    assert delivery.problems == ()
    assert len(delivery.facts) == count == len({fact.key for fact in delivery.facts})


@pytest.mark.parametrize("day", ["2026-08-22", "2026-07-22"])
def test_a_model_row_is_kept_value_by_value_and_in_its_own_order(day):
    data = shared(f"data/openrouter-models-{day}.json").read_bytes()
    rows = json.loads(data)["data"]
    facts = read_feed(data, "models", known=Known()).facts
    for row, fact in zip(rows, facts, strict=True):
        assert fact.key == row["id"]
        kept = json.loads(fact.wire)
        assert kept == row
        assert list(kept) == list(row)


def test_endpoint_rows_are_kept_and_numbered_among_equal_tags():
    data = shared("data/openrouter-endpoints-2026-07-22.json").read_bytes()
    facts = {fact.key: json.loads(fact.wire) for fact in read_feed(data, "endpoints", known=Known()).facts}
    sources = [row for rows in json.loads(data)["data"].values() for row in rows]
    assert list(facts.values()) == sources
    twins = [row for row in json.loads(data)["data"]["google/gemma-4-31b-it"] if row["tag"] == "together"]
    assert [facts[f"google/gemma-4-31b-it together {n}"] for n in (0, 1)] == twins


def test_the_bare_list_reads_like_the_wrapped_one():
    rows = [model(), model(id="acme/two:free")]
    assert read(rows).facts == read({"data": rows, "total_count": 2, "links": {"next": None}}).facts
    assert read(rows).replaces == {Kind.MODEL}


def test_one_page_of_a_longer_list_replaces_nothing():
    for document in (
        {"data": [model()], "total_count": 9},
        {"data": [model()], "links": {"next": "/api/v1/models?offset=1"}},
    ):
        delivery = read(document)
        assert delivery.replaces == frozenset()
        assert [problem.fatal for problem in delivery.problems] == [False]


def test_the_single_model_answer_replaces_only_its_own_endpoints():
    delivery = read({"data": {"id": "acme/one", "name": "One", "endpoints": [{"tag": "acme", "provider_name": "A"}]}})
    assert delivery.format == "openrouter-model-endpoints"
    assert (delivery.replaces, delivery.replaces_endpoints_of) == (frozenset(), {"acme/one"})
    assert [fact.key for fact in delivery.facts] == ["acme/one acme 0"]


def test_an_endpoint_without_a_tag_takes_the_slug_of_its_provider():
    known = Known(provider_slugs={"Google": "google-vertex"})
    document = json.dumps({"data": {"acme/one": [{"provider_name": "Google"}]}}).encode()
    (fact,) = read_feed(document, "file.json", known=known).facts
    assert fact.key == "acme/one google-vertex 0"
    assert json.loads(fact.wire) == {"provider_name": "Google", "tag": "google-vertex"}
    assert faults({"data": {"acme/one": [{"provider_name": "Google"}]}}) == [("acme/one [0]", "tag")]


def test_providers_of_the_api_are_told_from_the_page_of_the_site():
    row = {"name": "Acme", "slug": "acme", "privacy_policy_url": None, "headquarters": "DE"}
    delivery = read({"data": [row]})
    assert delivery.format == "openrouter-providers"
    assert json.loads(delivery.facts[0].wire) == row


def test_the_page_of_the_site_gives_providers_with_their_policies():
    data = shared("data/openrouter-providers-2026-08-08.json").read_bytes()
    facts = {fact.key: fact for fact in read_feed(data, "page", known=Known()).facts}
    for row in json.loads(data)["data"]:
        wire, notes = json.loads(facts[row["slug"]].wire), json.loads(facts[row["slug"]].notes)
        assert wire["name"] == row["displayName"]
        assert wire["privacy_policy_url"] == row["dataPolicy"].get("privacyPolicyURL")
        assert wire.get("datacenters") == row.get("datacenters")
        assert notes["base_url"] == row["baseUrl"]
        assert notes["data_policy"]["training"] is row["dataPolicy"]["training"]
        assert notes["data_policy"]["retains"] is row["dataPolicy"]["retainsPrompts"]
        assert notes["data_policy"].get("retention_days") == row["dataPolicy"].get("retentionDays")


@pytest.mark.parametrize(
    "document",
    [
        {"data": [{"model_id": "acme/one", "tag": "acme", "pricing": {}, "name": "A | acme/one"}]},  # /endpoints/zdr
        {"object": "list", "data": [{"id": "gpt", "object": "model", "created": 1, "owned_by": "x"}]},
        {"data": []},
        [],
        {},
        "text",
        {"data": {"id": "acme/one"}},
    ],
)
def test_what_nothing_recognises_is_refused_with_the_list_of_formats(document):
    with pytest.raises(FeedRefused) as refusal:
        read(document)
    if isinstance(document, (dict, list)):
        assert all(row.name in str(refusal.value) for row in FORMATS)


def test_a_forced_format_must_fit_the_document():
    assert read([model()], format="openrouter-models").facts
    with pytest.raises(FeedRefused, match="openrouter-providers"):
        read([model()], format="openrouter-providers")
    with pytest.raises(FeedRefused, match="no format"):
        read([model()], format="openruter")


@pytest.mark.parametrize(
    "hostile",
    [
        "Acme/one", "acme/..", "acme/a..b", "../acme", "acme%2Fone", "acme/one%00", "acme/one\n", "acme/\x00",
        "аcme/one", "acme/one two", "acme/", "/one", "acme", "",
        "acme/one/two", "acme/one:", "~~acme/one", "acme/" + "a" * 300,
        "acme/o\u200bne", "acme/ﬁne", None, 7, ["acme/one"],
    ],
)  # fmt: skip
def test_a_hostile_id_is_refused_with_its_row_and_reason(hostile):
    (problem,) = read([model(), model(id=hostile)]).problems
    assert problem.fatal
    assert problem.field == "id"
    assert str(problem).isprintable()
    assert str(problem).isascii()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"pricing": {"prompt": 0.1, "completion": "0"}}, "pricing.prompt"),
        ({"pricing": {"prompt": "1e-7"}}, "pricing.prompt"),
        ({"pricing": {"prompt": "-2"}}, "pricing.prompt"),
        ({"pricing": {"prompt": "1\n"}}, "pricing.prompt"),
        ({"pricing": {"prompt": "١"}}, "pricing.prompt"),
        ({"pricing": {"prompt": None}}, "pricing.prompt"),
        ({"pricing": {"discount": 2}}, "pricing.discount"),
        ({"pricing": {"overrides": [{"prompt": "0"}, {"utc_start": "800"}]}}, "pricing.overrides[1].utc_start"),
        ({"pricing": []}, "pricing"),
        ({"created": 1.5}, "created"),
        ({"created": True}, "created"),
        ({"created": -1}, "created"),
        ({"created": 10**12}, "created"),
        ({"context_length": "8192"}, "context_length"),
        ({"context_length": 2**70}, "context_length"),
        ({"name": None}, "name"),
        ({"canonical_slug": "Acme/One"}, "canonical_slug"),
        ({"alias_target": {"slug": "..", "name": "x"}}, "alias_target.slug"),
        ({"supported_parameters": "tools"}, "supported_parameters"),
        ({"supported_parameters": ["tools", 1]}, "supported_parameters[1]"),
        ({"architecture": {"input_modalities": [None]}}, "architecture.input_modalities[0]"),
        ({"top_provider": {"is_moderated": "no"}}, "top_provider.is_moderated"),
        (
            {"benchmarks": {"artificial_analysis": {"coding_index": "high"}}},
            "benchmarks.artificial_analysis.coding_index",
        ),
    ],
)
def test_a_wrong_type_is_named_by_its_dotted_path(fields, path):
    assert faults([model(**fields)]) == [("acme/one", path)]


def test_all_wrong_fields_of_all_rows_are_listed():
    rows = [model(created="x", name=1), model(id="acme/two", context_length=[])]
    assert faults(rows) == [("acme/one", "name"), ("acme/one", "created"), ("acme/two", "context_length")]


def test_a_hundred_problems_are_listed_and_the_others_counted():
    problems = read([model(id=f"acme/m{n}", name=n) for n in range(250)]).problems
    assert len(problems) == 101
    assert problems[-1].message == "and 150 more problems"


def test_an_id_that_is_there_twice_is_a_problem():
    assert faults([model(), model()]) == [("acme/one", "id")]


def test_fields_and_words_that_nobody_knows_survive():
    row = model(
        new_field={"deep": [1, 2.50, None]}, architecture={"tokenizer": "Martian", "output_modalities": ["smell"]}
    )
    (fact,) = read([row]).facts
    assert json.loads(fact.wire) == row


def test_numbers_keep_the_digits_they_were_written_with():
    (fact,) = read(b'[{"id":"acme/one","pricing":{},"x":0.10000000000000000001,"y":123456789012345678901}]').facts
    assert b"0.10000000000000000001" in fact.wire
    assert b"123456789012345678901" in fact.wire


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[",
        b'{"data": [NaN]}',
        b"[1e999]",
        b"[" * 100_000,
        b"[" * 200 + b"]" * 200,
        b'["\\ud800"]',
        b"\x00",
    ],
)
def test_bytes_that_cannot_be_decoded_are_refused_in_one_line(data):
    with pytest.raises(FeedRefused) as refusal:
        read(data)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith("file.json: ")
