"""Our OpenAPI 3.1 document, built from the table of operations and the rows of filters and sorts."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from trunkline import __version__
from trunkline.server.domain.catalog.filters import Filter
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.http import schemas
from trunkline.server.http.access import Access
from trunkline.server.http.operations import Operation

_REF = "#/components/schemas/{name}"
_PATH_PARAMETERS = {
    "author": ("Author of the model; `~author` for its latest-model rows.", "openai"),
    "slug": ("Slug of the model, with or without variants.", "gpt-4"),
    "hash": ("Hash of the key: its SHA-256, 64 hexadecimal digits.", "b" * 64),
    "id": ("Id; of a workspace also its slug.", "0f2a9d6e-5b7c-4c1d-9a3e-2d6f8b1c4e70"),
    "interval": ("`daily`, `weekly`, `monthly` or `lifetime`.", "monthly"),
}
_STATUS_TEXT = {
    400: "A parameter or the body is not as documented",
    401: "No key, or one that is not valid",
    402: "A limit of the key or the account's credits are used up",
    403: "A key of the wrong kind, or a host that the account may not use",
    404: "There is no such resource",
    409: "Somebody else changed it at the same time",
    413: "The body is too large",
    429: "A limit of this server, or all providers are rate-limited",
    502: "The provider failed, or answered nothing that makes sense",
    503: "No catalogue yet, the store cannot be reached, or all providers are unavailable",
}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the document as plain data, ready for JSON or YAML."""
    operations = tuple(operations)
    types = [kind for operation in operations for kind in (operation.answers, operation.body) if kind is not None]
    _, components = msgspec.json.schema_components([*types, schemas.ErrorResponse], ref_template=_REF)
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline",
            "version": __version__,
            "summary": "A catalogue of AI models, their providers and prices.",
            "description": "Speaks the Models API that OpenRouter documents. Independent of OpenRouter, Inc.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": _with_numbers(dict(sorted(components.items()))),
            "securitySchemes": _schemes(operations),
        },
    }


def _with_numbers(schema: Any) -> Any:
    # msgspec writes decimals as JSON numbers where its encoder is told to, but always describes them as strings.
    if schema == {"type": "string", "format": "decimal"}:
        return {"type": "number"}
    if isinstance(schema, dict):
        return {name: _with_numbers(part) for name, part in schema.items()}
    return [_with_numbers(part) for part in schema] if isinstance(schema, list) else schema


def _schemes(operations: Iterable[Operation]) -> dict[str, Any]:
    asked = {operation.access for operation in operations} - {Access.PUBLIC}
    return {access.value: {"type": "http", "scheme": "bearer"} for access in Access if access in asked}


def _operation(operation: Operation) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", operation.path)
    described: dict[str, Any] = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary}
    if operation.description:
        described["description"] = operation.description
    if names or operation.parameters:
        described["parameters"] = [*map(_path_parameter, names), *map(_query_parameter, operation.parameters)]
    if operation.body is not None:
        schema = {"$ref": _REF.format(name=operation.body.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.access is not Access.PUBLIC:
        described["security"] = [{operation.access.value: []}]
    described["responses"] = {str(operation.status): _success(operation)} | {
        str(status): _failure(_STATUS_TEXT[status]) for status in operation.errors
    }
    described["responses"]["default"] = _failure("Any other failure")
    return described


def _path_parameter(name: str) -> dict[str, Any]:
    meaning, example = _PATH_PARAMETERS[name]
    schema = {"type": "string", "minLength": 1, "examples": [example]}
    return {"name": name, "in": "path", "required": True, "description": meaning, "schema": schema}


def _query_parameter(row: Parameter | Filter) -> dict[str, Any]:
    described = {"name": row.name, "in": "query", "description": row.meaning, "schema": row.schema}
    return described | {"required": True} if isinstance(row, Parameter) and row.required else described


def _success(operation: Operation) -> dict[str, Any]:
    if operation.answers is None:
        return {"description": operation.summary, "content": {operation.media: {}}}
    content: dict[str, Any] = {operation.media: {"schema": {"$ref": _REF.format(name=operation.answers.__name__)}}}
    if any(row.name == "use_rss" for row in operation.parameters):
        content["application/rss+xml"] = {"schema": {"type": "string"}}
    return {"description": operation.answers.__doc__, "content": content}


def _failure(text: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name=schemas.ErrorResponse.__name__)}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def main() -> None:
    """Print the document as YAML; `make openapi` keeps it in the repository."""
    import yaml

    from trunkline.server.http.app import OPERATIONS

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    yaml.dump(document(OPERATIONS), sys.stdout, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    main()
