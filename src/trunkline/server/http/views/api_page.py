"""The API page: the OpenAPI document as one self-contained HTML page, readable without script or network."""

from __future__ import annotations

import re
from typing import Any

import jinja2
from markupsafe import Markup, escape

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader(__package__, "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def render(document: dict[str, Any]) -> bytes:
    """Return the page of an OpenAPI document."""
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            groups[operation["tags"][0]].append({"path": path, "method": method.upper(), **operation})
    page = _TEMPLATES.get_template("api_page.html")
    return page.render(document=document, groups=groups, kind=_kind).encode()


def _prose(text: str) -> Markup:
    """Set what stands between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just here


_TEMPLATES.filters["prose"] = _prose


def _kind(schema: dict[str, Any]) -> str:
    """Say a JSON Schema in a few words: `string`, `integer or null`, `Model[]`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"{_kind(schema.get('items', {}))}[]"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
