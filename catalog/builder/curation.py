"""Reads the reviewed YAML of `catalog/`: providers, aliases, categories, corrections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LINKS = (
    ("privacy_policy", "privacy_policy_url"),
    ("terms_of_service", "terms_of_service_url"),
    ("status_page", "status_page_url"),
)
"""Link in a provider's file -> field of the API's Provider."""

KEPT = ("headquarters", "datacenters", "base_url", "dialect", "env", "data_policy", "regions")


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a YAML file's mapping; an absent file is an empty one."""
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def read_providers(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the reviewed provider files by slug. Raises `SystemExit` for a file named unlike its slug."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        body = read_yaml(path)
        if body.get("slug") != path.stem:
            raise SystemExit(f"{path}: slug {body.get('slug')!r} is not the file's name")
        found[path.stem] = body
    return found


def provider_fact(body: dict[str, Any]) -> dict[str, Any]:
    """Return a provider file as a row of the facts document."""
    links = body.get("links") or {}
    fact = {"name": body["name"]} | {field: links.get(link) for link, field in LINKS}
    return fact | {key: body[key] for key in KEPT if key in body}


def hosts(providers: dict[str, dict[str, Any]], source: str) -> dict[str, str]:
    """Return a source's own provider ids -> our slugs (`source`: `models_dev` or `genai_prices`)."""
    return {
        theirs: slug for slug, body in providers.items() for theirs in (body.get("sources") or {}).get(source) or ()
    }
