"""What each kind of slug leads to, and how a snapshot follows the price clock (spec 4.2, cases 41 to 48)."""

from __future__ import annotations

import pytest

from tests.factories import M, fixture_delivery
from tests.server.domain.fixture import (
    NOW,
    alias,
    built,
    conformance,
    endpoint,
    latest,
    listed,
    model,
    price,
    row,
    snapshot,
)
from trunkline.server.domain.catalog.snapshot import Snapshot

HOUR = 3600
MIDNIGHT = NOW - 12 * HOUR


def found(of: Snapshot, slug: str) -> str | None:
    hit = of.find(slug)
    return None if hit is None else hit.id


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("openai/gpt-4", "M1"),
        ("OpenAI/GPT-4", "M1"),
        ("openai/gpt-4-0613", "M1"),
        ("openai/gpt-4:nitro", "M1"),
        ("openai/gpt-4:floor:nitro", "M1"),
        ("openai/gpt-4-0613:online", "M1"),
        ("openai/gpt-4:free", None),
        ("openai/gpt-4:bogus", None),
        ("openai/gpt-4:nitro:nitro", None),
        ("openai/gpt-4:", None),
        ("openai/gpt-4::nitro", None),
        ("openai/gpt-4-0613:free", None),
        ("meta-llama/llama-3.3-70b-instruct", "M4"),
        ("meta-llama/llama-3.3-70b-instruct:free", "M5"),
        ("meta-llama/llama-3.3-70b-instruct:free:nitro", "M5"),
        ("meta-llama/llama-3.3-70b-instruct:nitro:free", "M5"),
        ("meta-llama/llama-3.3-70b-instruct:free:free", None),
        ("meta-llama/llama-3.3-70b-instruct:extended:free", None),
        ("anthropic/claude-4.5-sonnet-20250929", "M2"),
        ("anthropic/claude-sonnet-4-5", "M2"),
        ("anthropic/claude-sonnet-4-5:exacto", "M2"),
        ("anthropic/claude-sonnet-4-5:free", None),
        ("~anthropic/claude-sonnet-latest", "M10"),
        ("~anthropic/claude-sonnet-latest:nitro", "M10"),
        ("anthropic/claude-sonnet-latest", None),
        ("~openai/gpt-4", None),
        ("openrouter/auto", "M9"),
        ("acme/staged-1", None),
        ("acme/fake-1.0", None),
        ("openai", None),
        ("openai/", None),
        ("", None),
        ("openai%2Fgpt-4", None),
        ("openai/../openai/gpt-4", None),
        ("@preset/openai/gpt-4", None),
        ("openai/gpt-4\n", None),
        ("openai/gpt\u20114", None),
        ("\uff4fpenai/gpt-4", None),
        ("openai/gpt-4\ud800", None),
    ],
)
def test_a_slug_leads_to_its_row(slug: str, name: str | None):
    assert found(conformance(), slug) == (None if name is None else M[name])


def test_a_look_alike_that_lower_cases_to_ascii_leads_nowhere():
    of = snapshot([model("x-ai/k")])
    assert "\u212a".lower() == "k"
    assert found(of, "x-ai/K") == "x-ai/k"
    assert found(of, "x-ai/\u212a") is None
    assert found(of, "x-ai/\u212a:nitro") is None


def test_a_row_wins_over_every_suffix_rule():
    of = snapshot([model("a/b"), model("a/b:exacto"), model("a/b:batch")])
    assert found(of, "a/b:exacto") == "a/b:exacto"
    assert found(of, "a/b:batch") == "a/b:batch"
    assert found(of, "a/b:nitro") == "a/b"


def test_an_alias_with_a_variant_leads_to_the_target_s_variant():
    of = snapshot([model("a/new"), model("a/new:free"), alias("a/old", "a/new"), alias("a/older", "a/old")])
    assert found(of, "a/older") == "a/new"
    assert found(of, "a/older:free") == "a/new:free"
    assert found(of, "a/older:free:floor") == "a/new:free"
    assert found(of, "a/older:thinking") is None
    assert found(of, "A/OLDER:FREE") == "a/new:free"


def test_an_alias_may_name_a_canonical_slug():
    of = snapshot(
        [
            model("a/b", canonical_slug="a/b-2026"),
            model("a/b:free", canonical_slug="a/b-2026"),
            alias("a/c", "a/b-2026"),
        ]
    )
    assert found(of, "a/c") == "a/b"
    assert found(of, "a/c:free") == "a/b:free"


def test_a_canonical_slug_leads_to_the_default_variant_else_to_the_first_row():
    shared = "a/b-20260101"
    newest_first = [
        model("a/b:batch", canonical_slug=shared, created=9),
        model("a/b:free", canonical_slug=shared, created=8),
    ]
    assert found(snapshot(newest_first), shared) == "a/b:batch"
    of = snapshot([*newest_first, model("a/b", canonical_slug=shared, created=1)])
    assert found(of, shared) == "a/b"
    assert found(of, f"{shared}:free") == "a/b:free"
    assert found(of, f"{shared}:nitro") == "a/b"


def test_a_canonical_slug_of_two_models_leads_to_the_newest_of_them():
    facts = [model("a/old", canonical_slug="a/x", created=1), model("a/new", canonical_slug="a/x", created=2)]
    assert found(snapshot(facts), "a/x") == found(snapshot(facts[::-1]), "a/x") == "a/new"


def test_a_canonical_slug_leads_to_the_model_even_where_a_latest_row_states_the_same():
    of = snapshot(
        [
            model("a/b", canonical_slug="a/b-1", created=1),
            latest("~a/b-latest", "a/b", canonical_slug="a/b-1", created=2),
        ]
    )
    assert found(of, "a/b-1") == "a/b"


def test_an_id_wins_over_a_canonical_slug_and_that_over_an_alias():
    of = snapshot(
        [
            model("a/b"),
            model("a/c", canonical_slug="a/b", created=9),
            model("a/d", canonical_slug="a/e"),
            alias("a/e", "a/b"),
        ]
    )
    assert found(of, "a/b") == "a/b"
    assert found(of, "a/e") == "a/d"


def test_a_model_that_is_also_an_alias_is_the_model():
    of = snapshot([model("a/b"), model("a/c"), alias("a/b", "a/c"), alias("a/x", "a/b")])
    assert (found(of, "a/b"), found(of, "a/x")) == ("a/b", "a/b")
    assert of.warnings == ("alias a/b is not used: it shadows a model of that id",)


def test_cycles_of_aliases_lead_nowhere_and_are_told():
    of = snapshot([model("a/b"), alias("a/x", "a/y"), alias("a/y", "a/x")])
    assert found(of, "a/x") is None
    assert [warning.split()[1] for warning in of.warnings] == ["a/x", "a/y"]


def test_ten_thousand_aliases_in_a_chain_lead_to_the_model():
    chain = [alias(f"a/n{number}", f"a/n{number + 1}") for number in range(10_000)]
    of = snapshot([*chain, model("a/n10000"), model("a/n10000:free")])
    assert found(of, "a/n0") == "a/n10000"
    assert found(of, "a/n0:free") == "a/n10000:free"


def test_a_latest_row_shows_its_target_under_its_own_name():
    shown = row(conformance(), M["M10"])
    target = row(conformance(), M["M2"])
    assert shown["alias_target"] == {"slug": M["M2"], "name": target["name"]}
    assert shown["canonical_slug"] == shown["id"] == M["M10"]
    own = {"id", "canonical_slug", "name", "created", "description", "links", "alias_target"}
    assert {key: value for key, value in shown.items() if key not in own} == {
        key: value for key, value in target.items() if key not in own
    }
    assert "description" not in shown or shown["description"] != target["description"]


@pytest.mark.parametrize("target", ["a/hidden", "a/none", "~a/other-latest", "a/canonical", "", "a/alias"])
def test_a_latest_row_without_a_listed_model_behind_it_is_not_listed(target: str):
    of = snapshot(
        [
            model("a/b", canonical_slug="a/canonical"),
            model("a/hidden", {"hidden": True}),
            latest("~a/other-latest", "a/b"),
            latest("~a/x-latest", target),
            alias("a/alias", "a/b"),
        ]
    )
    assert found(of, "~a/x-latest") is None
    assert "~a/x-latest" not in listed(of)
    assert of.warnings == ("~a/x-latest is not listed: it names no model of this catalogue",)


def test_a_hidden_row_is_neither_listed_nor_found():
    facts = [
        model("a/hidden", {"hidden": True}, canonical_slug="a/hidden-1"),
        model("a/b"),
        latest("~a/latest", "a/b"),
        alias("a/alias", "a/hidden"),
    ]
    facts[2] = type(facts[2])(facts[2].kind, facts[2].key, facts[2].wire, b'{"hidden":true}', "test")
    of = snapshot(facts)
    assert listed(of) == ["a/b"]
    for slug in ("a/hidden", "a/hidden-1", "a/alias", "a/hidden:nitro", "~a/latest"):
        assert found(of, slug) is None


PEAK = [{"utc_start": 800, "utc_end": 1800, "prompt": "0.2"}, {"utc_days": ["sunday"], "completion": "0.9"}]


def priced() -> list[object]:
    windowed = price("0.1", "0.5", overrides=PEAK)
    return [
        model("a/b", created=2, pricing=windowed),
        model("a/c", created=1, pricing=price("0.15", "0.5")),
        endpoint("a/b", "p", pricing=windowed),
        latest("~a/latest", "a/b", created=0),
    ]


def prompts(of: Snapshot) -> list[str]:
    return [
        row(of, "a/b")["pricing"]["prompt"],
        of.find("a/b").endpoints[0].wire["pricing"]["prompt"],
        row(of, "~a/latest")["pricing"]["prompt"],
    ]


def test_a_snapshot_shows_the_prices_of_its_moment():
    assert prompts(snapshot(priced(), MIDNIGHT + 8 * HOUR)) == ["0.2"] * 3
    assert prompts(snapshot(priced(), MIDNIGHT + 18 * HOUR)) == ["0.1"] * 3


def test_after_a_window_the_stated_price_comes_back():
    peak = snapshot(priced(), MIDNIGHT + 9 * HOUR)
    evening = peak.at(MIDNIGHT + 20 * HOUR)
    assert prompts(evening) == ["0.1"] * 3
    assert prompts(evening.at(MIDNIGHT + 34 * HOUR)) == ["0.2"] * 3
    sunday = evening.at(MIDNIGHT + 25 * HOUR)
    assert row(sunday, "a/b")["pricing"]["completion"] == "0.9"
    assert row(sunday.at(MIDNIGHT + 49 * HOUR), "a/b")["pricing"]["completion"] == "0.5"


def test_filters_and_orders_move_with_the_clock():
    night = snapshot(priced(), MIDNIGHT)
    noon = night.at(NOW)
    by_price = ("sort", "pricing-low-to-high")
    assert listed(night, by_price) == ["a/b", "~a/latest", "a/c"]
    assert listed(noon, by_price) == ["a/c", "a/b", "~a/latest"]
    assert listed(night, ("max_price", "100000")) == ["a/b", "~a/latest"]
    assert listed(noon, ("max_price", "100000")) == []


def test_inside_its_window_a_snapshot_is_its_own_answer():
    of = snapshot(priced(), MIDNIGHT + 9 * HOUR)
    assert of.valid == (MIDNIGHT + 8 * HOUR, MIDNIGHT + 18 * HOUR)
    assert of.at(MIDNIGHT + 8 * HOUR) is of
    assert of.at(MIDNIGHT + 18 * HOUR - 1) is of
    assert of.at(MIDNIGHT + 18 * HOUR) is not of


def test_the_etag_changes_with_the_window_and_with_the_revision():
    of = snapshot(priced(), MIDNIGHT + 9 * HOUR)
    assert of.etag != of.at(MIDNIGHT + 18 * HOUR).etag
    assert of.etag == of.at(MIDNIGHT + 18 * HOUR - 1).etag
    still, _ = built(fixture_delivery().facts)
    assert still.etag == "1"
    assert still.at(NOW + 10**9) is still
