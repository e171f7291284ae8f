"""Reads the provider page of OpenRouter's own site: the API's providers plus base URLs and data policies."""

from __future__ import annotations

from typing import Any

from trunkline.server.adapters.feeds.findings import Findings
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.feeds.openrouter import provider_facts, rows_of, some_row_has
from trunkline.server.domain.catalog.facts import Delivery, Kind

_WIRE = (
    ("name", "displayName"),
    ("slug", "slug"),
    ("privacy_policy_url", "dataPolicy.privacyPolicyURL"),
    ("terms_of_service_url", "dataPolicy.termsOfServiceURL"),
    ("status_page_url", "statusPageUrl"),
    ("headquarters", "headquarters"),
    ("datacenters", "datacenters"),
)
"""Field of the API's Provider <- where the page has it."""
_POLICY = (
    ("training", "dataPolicy.training"),
    ("retains", "dataPolicy.retainsPrompts"),
    ("retention_days", "dataPolicy.retentionDays"),
    ("publishes", "dataPolicy.canPublish"),
)
_NOTES_SHAPE = ((("training", "retains", "publishes"), bool, "true or false"), (("retention_days",), int, "an integer"))


def is_site_providers(document: Any) -> bool:
    """Recognise the page by the fields that the API's `/providers` does not have."""
    return some_row_has(document, "slug", "displayName") or some_row_has(document, "slug", "dataPolicy")


def read_site_providers(document: Any, source: str, _known: Known) -> Delivery:
    """Read the page as the full list of providers.

    A policy that the page does not state stays unstated: unknown counts as training and retaining.
    """
    found = Findings()
    rows = [_split(row, position, found) for position, row in enumerate(rows_of(document) or [])]
    facts = tuple(provider_facts(rows, source, found))
    return Delivery("openrouter-site-providers", source, facts, frozenset({Kind.PROVIDER}), problems=found.problems())


def _split(row: Any, position: int, found: Findings) -> tuple[Any, dict[str, Any]]:
    if not isinstance(row, dict):
        return row, {}
    name = row["slug"] if isinstance(row.get("slug"), str) else f"row {position}"
    if not isinstance(row.get("dataPolicy", {}), dict):
        found.refuse(name, "dataPolicy", "expected an object")
        return {"slug": row.get("slug")}, {}
    wire = _pick(row, _WIRE)
    # The API requires this one; the page leaves out what it does not know.
    wire.setdefault("privacy_policy_url", None)
    policy = _pick(row, _POLICY)
    for names, kind, word in _NOTES_SHAPE:
        for field in names:
            if field in policy and type(policy[field]) is not kind:
                found.refuse(name, dict(_POLICY)[field], f"expected {word}")
    notes: dict[str, Any] = {"data_policy": policy} if policy else {}
    if isinstance(base := row.get("baseUrl"), str) and base:
        notes["base_url"] = base
    return wire, notes


def _pick(row: dict[str, Any], table: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    picked: dict[str, Any] = {}
    for name, path in table:
        outer, _, inner = path.partition(".")
        value = row.get(outer, {}).get(inner, ...) if inner else row.get(outer, ...)
        if value is not ...:
            picked[name] = value
    return picked
