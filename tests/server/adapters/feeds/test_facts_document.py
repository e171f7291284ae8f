"""Our own facts document says what a team means: exact prices, dates as seconds, shorthands written out."""

import json

import pytest

from trunkline.server.adapters.feeds.formats import read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.domain.catalog.facts import BASE, Kind

FULL = """
trunkline: 1
layer: my-team
source: price list of May
models:
  acme/coder-1:
    name: "Acme: Coder 1"
    created: 2026-01-02
    context_length: 131072
    knowledge_cutoff: 2025-06-30
    pricing: {prompt: 0.00003, completion: 6e-5, request: 0, image: "0.10", web_search: 1E-2, input_cache_read: null}
    default_parameters: {temperature: 0.7}
    categories: [programming]
    distillable: true
    hidden: false
    successor: acme/coder-2
    created_source: first listed
    invented_here: {deep: [1, 2.50]}
endpoints:
  acme/coder-1:
    - provider: acme
      tag: acme/fp8
      pricing: {prompt: 0.1, discount: 0.25, overrides: [{min_prompt_tokens: 200000, prompt: 0.2}]}
      data_policy: {training: false, retention_days: 0}
      regions: [eu]
      upstream_model: coder-1
      price_source: by mail
    - provider: acme
    - {provider: acme, context_length: 5}
    - tag: acme/fp8
providers:
  acme: {name: Acme, headquarters: NO, base_url: "https://api.acme.example/v1", dialect: openai, env: [ACME_API_KEY]}
aliases:
  acme/coder: acme/coder-1
benchmarks:
  acme/coder-1: {design_arena: []}
  openai/gpt-4: {artificial_analysis: {intelligence_index: 71.4, coding_index: null, agentic_index: 3}}
categories:
  science: [acme/coder-1, openai/gpt-4]
  trivia: [openai/gpt-4]
"""
KNOWN = Known(model_ids=frozenset({"openai/gpt-4"}), provider_slugs={"OpenAI": "openai"})


def read(text, source="team.yaml", known=KNOWN):
    return read_feed(text.encode(), source, known=known)


def row(delivery, key):
    fact = next(fact for fact in delivery.facts if fact.key == key)
    return json.loads(fact.wire), json.loads(fact.notes)


def fatal(delivery):
    return [str(problem) for problem in delivery.problems if problem.fatal]


def test_a_model_is_split_into_what_the_api_shows_and_what_it_does_not():
    delivery = read(FULL)
    assert (delivery.format, delivery.layer, delivery.replaces) == ("facts", "my-team", frozenset())
    assert delivery.problems == ()
    wire, notes = row(delivery, "acme/coder-1")
    assert wire == {
        "name": "Acme: Coder 1",
        "created": 1767312000,
        "context_length": 131072,
        "knowledge_cutoff": "2025-06-30",
        "pricing": {
            "prompt": "0.00003", "completion": "0.00006", "request": "0", "image": "0.10",
            "web_search": "0.01", "input_cache_read": "-1",
        },
        "default_parameters": {"temperature": 0.7},
        "invented_here": {"deep": [1, 2.5]},
        "benchmarks": {"design_arena": []},
    }  # fmt: skip
    assert notes == {
        "categories": ["programming", "science"],
        "distillable": True,
        "hidden": False,
        "successor": "acme/coder-2",
        "created_source": "first listed",
    }
    assert delivery.facts[0].source == "price list of May"


def test_endpoints_get_their_tag_number_and_provider_name():
    delivery = read(FULL)
    assert [fact.key for fact in delivery.facts if fact.kind is Kind.ENDPOINT] == [
        "acme/coder-1 acme/fp8 0",
        "acme/coder-1 acme 0",
        "acme/coder-1 acme 1",
        "acme/coder-1 acme/fp8 1",
    ]
    wire, notes = row(delivery, "acme/coder-1 acme/fp8 0")
    assert wire == {
        "tag": "acme/fp8",
        "provider_name": "Acme",
        "pricing": {
            "prompt": "0.1", "discount": 0.25, "overrides": [{"min_prompt_tokens": 200000, "prompt": "0.2"}]
        },
    }  # fmt: skip
    assert notes == {
        "data_policy": {"training": False, "retention_days": 0},
        "regions": ["eu"],
        "upstream_model": "coder-1",
        "price_source": "by mail",
    }
    assert row(delivery, "acme/coder-1 acme 1")[0] == {"context_length": 5, "tag": "acme", "provider_name": "Acme"}


def test_providers_aliases_and_shorthands_become_facts():
    delivery = read(FULL)
    wire, notes = row(delivery, "acme")
    assert wire == {"name": "Acme", "headquarters": "NO", "slug": "acme"}
    assert notes == {"base_url": "https://api.acme.example/v1", "dialect": "openai", "env": ["ACME_API_KEY"]}
    assert row(delivery, "acme/coder")[0] == {"target": "acme/coder-1"}
    wire, notes = row(delivery, "openai/gpt-4")
    assert wire["benchmarks"]["artificial_analysis"] == {
        "intelligence_index": 71.4,
        "coding_index": None,
        "agentic_index": 3,
    }
    assert notes == {"categories": ["science", "trivia"]}


def test_json_says_the_same_as_yaml():
    document = {"trunkline": 1, "layer": "x", "models": {"acme/one": {"pricing": {"prompt": 0.00003}}}}
    (fact,) = read(json.dumps(document), "x.json").facts
    assert fact.wire == b'{"pricing":{"prompt":"0.00003"}}'
    (same,) = read(json.dumps(document), "x.yaml").facts
    assert same.wire == fact.wire


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("0.00003", "0.00003"), ("3e-5", "0.00003"), ('"3e-5"', "0.00003"), ("0", "0"), ("0.0", "0"), ("-1", "-1"),
        ("15", "15"), ("0.1234567890123456789", "0.1234567890123456789"), ("1.50", "1.5"), ('"1.50"', "1.50"),
        ("+.5", "0.5"), ("~", "-1"),
    ],
)  # fmt: skip
def test_a_price_is_exactly_what_was_written(written, price):
    delivery = read(f"trunkline: 1\nmodels: {{acme/one: {{pricing: {{prompt: {written}}}}}}}")
    assert row(delivery, "acme/one")[0]["pricing"]["prompt"] == price
    assert not fatal(delivery)


@pytest.mark.parametrize("written", ["true", "-0.5", "-2", '"free"', "[1]", "1e-300", '"1e-999999999"', "0x10", "1_0"])
def test_what_is_no_price_is_refused(written):
    (problem,) = read(f"trunkline: 1\nmodels: {{acme/one: {{pricing: {{prompt: {written}}}}}}}").problems
    assert (problem.row, problem.field, problem.fatal) == ("acme/one", "pricing.prompt", True)


@pytest.mark.parametrize(
    ("created", "seconds"),
    [("2026-01-02", 1767312000), ("1767312000", 1767312000), ('"2026-01-02T12:00:00+02:00"', 1767348000)],
)
def test_a_date_becomes_unix_seconds(created, seconds):
    assert row(read(f"trunkline: 1\nmodels: {{acme/one: {{created: {created}}}}}"), "acme/one")[0] == {
        "created": seconds
    }


def test_the_layer_is_the_name_of_the_file_where_none_is_stated():
    assert read("trunkline: 1", "lists/prices-2026.yaml").layer == "prices-2026"
    assert fatal(read("trunkline: 1", "My List.yaml"))
    assert fatal(read("trunkline: 1\nlayer: 7"))


def test_an_empty_layer_is_the_base_and_replaces_what_it_lists():
    delivery = read('trunkline: 1\nlayer: ""\nmodels: {acme/one: {}}\naliases: {}')
    assert delivery.layer == BASE
    assert delivery.replaces == {Kind.MODEL, Kind.ALIAS}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modles: {}", "modles: is no part of the document (do you mean models?)"),
        ("trunkline: 2", "trunkline: only version 1"),
        ("models: []", "models: expected an object"),
        ("models: {acme/one: }", "acme/one: expected an object in models"),
        ("models: {Acme/One: {}}", "upper-case"),
        ("models: {acme/one: {id: acme/two}}", "acme/one: id: differs"),
        ("models: {acme/one: {created: May 2026}}", "acme/one: created: expected an integer"),
        ("models: {acme/one: {categories: science}}", "acme/one: categories: expected a list"),
        ("models: {acme/one: {hidden: 1}}", "acme/one: hidden: expected true or false"),
        ("endpoints: {acme/one: [{}]}", "acme/one [0]: provider: expected an endpoint tag"),
        ("endpoints: {acme/one: [{provider: a, tag: b/fp8}]}", "acme/one [0]: tag: does not begin with"),
        ("endpoints: {acme/one: [{provider: 'a b'}]}", "acme/one [0]: provider: is no endpoint tag"),
        ("endpoints: {acme/one: [{provider: a, data_policy: {training: maybe}}]}", "data_policy.training"),
        ("endpoints: {acme/one: [7]}", "acme/one [0]: expected an object"),
        ("providers: {Acme: {}}", "is no provider slug"),
        ("providers: {acme: {env: KEY}}", "acme: env: expected a list"),
        ("aliases: {acme/a: acme/a}", "acme/a: names itself"),
        ("aliases: {acme/a: nonsense}", "acme/a: its target is no model id"),
        ("aliases: {acme/one: acme/b}\nmodels: {acme/one: {}}", "acme/one: is the id of a model"),
        ("benchmarks: {acme/ghost: {design_arena: []}}", "there is no model of that id"),
        ("benchmarks: {openai/gpt-4: {design_arena: [{elo: x}]}}", "benchmarks.design_arena[0].elo"),
        ("categories: {science: [acme/ghost]}", "there is no model of that id"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_field(text, message):
    document = text if text.startswith("trunkline") else f"trunkline: 1\n{text}"
    assert any(message in problem for problem in fatal(read(document)))


def test_a_field_that_looks_misspelt_is_kept_with_a_warning():
    delivery = read("trunkline: 1\nmodels: {acme/one: {contxt_length: 5}}")
    (problem,) = delivery.problems
    assert not problem.fatal
    assert "context_length" in problem.message
    assert row(delivery, "acme/one")[0] == {"contxt_length": 5}


def test_a_provider_that_nobody_knows_is_taken_with_a_warning():
    delivery = read("trunkline: 1\nendpoints: {acme/one: [{provider: nobody}, {provider: openai}]}")
    assert [problem.fatal for problem in delivery.problems] == [False]
    assert row(delivery, "acme/one openai 0")[0]["provider_name"] == "OpenAI"
