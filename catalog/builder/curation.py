"""Reads the reviewed YAML of `catalog/`: providers, corrections, aliases, categories, licences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from trunkline.server.adapters.feeds.models_dev.convert import Rules

LINKS = (
    ("privacy_policy", "privacy_policy_url"),
    ("terms_of_service", "terms_of_service_url"),
    ("status_page", "status_page_url"),
)
"""Link in a provider's file -> field of the API's Provider."""

KEPT = ("headquarters", "datacenters", "base_url", "dialect", "env", "data_policy", "regions")


@dataclass(frozen=True, slots=True)
class Curation:
    """Everything that people have reviewed, and the conversion rules that follow from it."""

    rules: Rules
    providers: dict[str, dict[str, Any]]
    prices: dict[str, str]
    aliases: dict[str, str]
    categories: dict[str, list[str]]
    distillable: dict[str, list[str]]

    @property
    def twins(self) -> dict[str, list[str]]:
        """models.dev's provider ids -> those of genai-prices for the same provider."""
        pairs = [body.get("sources") or {} for body in self.providers.values()]
        return {theirs: pair.get("genai_prices") or [] for pair in pairs for theirs in pair.get("models_dev") or ()}

    def provider_facts(self) -> dict[str, dict[str, Any]]:
        """Return the provider files as rows of the facts document."""
        return {slug: _provider_fact(body) for slug, body in self.providers.items()}

    def mark(self, models: dict[str, dict[str, Any]]) -> None:
        """Note categories and permission to distil on the models. Raises `SystemExit` for an unknown id."""
        for category, ids in self.categories.items():
            for model in ids:
                _row(models, model, "categories.yaml").setdefault("categories", []).append(category)
        for ids in self.distillable.values():
            for model in ids:
                _row(models, model, "distillable.yaml")["distillable"] = True

    def rules_document(self) -> dict[str, Any]:
        """Return the rules as the bundle carries them, for converting models.dev's live document alike."""
        return asdict(self.rules)


def read(folder: Path) -> Curation:
    """Read all reviewed files in `folder`. Raises `SystemExit` for a provider file named unlike its slug."""
    providers = _read_providers(folder / "providers")
    models = _read_yaml(folder / "models.yaml")
    rules = Rules(
        hosts={
            theirs: slug
            for slug, body in providers.items()
            for theirs in (body.get("sources") or {}).get("models_dev") or ()
        },
        names=models["names"],
        matches=models["matches"],
        fields=models["fields"],
        latest=models["latest"],
        extra=models["extra"],
    )
    return Curation(
        rules=rules,
        providers=providers,
        prices=models["prices"],
        aliases=_read_yaml(folder / "aliases.yaml")["aliases"],
        categories=_read_yaml(folder / "categories.yaml")["categories"],
        distillable={rule["licence"]: rule["models"] for rule in _read_yaml(folder / "distillable.yaml")["licences"]},
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _read_providers(folder: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        body = _read_yaml(path)
        if body.get("slug") != path.stem:
            raise SystemExit(f"{path}: slug {body.get('slug')!r} is not the file's name")
        found[path.stem] = body
    return found


def _provider_fact(body: dict[str, Any]) -> dict[str, Any]:
    links = body.get("links") or {}
    fact = {"name": body["name"]} | {field: links.get(link) for link, field in LINKS}
    return fact | {key: body[key] for key in KEPT if key in body}


def _row(models: dict[str, dict[str, Any]], model: str, where: str) -> dict[str, Any]:
    if model not in models:
        raise SystemExit(f"{where}: there is no model {model}")
    return models[model]
