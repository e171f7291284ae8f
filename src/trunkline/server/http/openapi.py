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
from trunkline.server.http.operations import Operation

_REF = "#/components/schemas/{name}"
_PATH_PARAMETERS = {
    "author": ("Author of the model; `~author` for its latest-model rows.", "openai"),
    "slug": ("Slug of the model, with or without variants.", "gpt-4"),
}
_STATUS_TEXT = {400: "A parameter is not as documented", 404: "There is no such resource", 503: "No catalogue yet"}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the document as plain data, ready for JSON or YAML."""
    operations = tuple(operations)
    types = [operation.answers for operation in operations if operation.answers is not None]
    _, components = msgspec.json.schema_components([*types, schemas.ErrorResponse], ref_template=_REF)
    paths: dict[str, Any] = {}
    for operation in operations:
        paths[operation.path] = {"get": _operation(operation)}
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
        "components": {"schemas": dict(sorted(components.items()))},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", operation.path)
    described: dict[str, Any] = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary}
    if operation.description:
        described["description"] = operation.description
    if names or operation.parameters:
        described["parameters"] = [*map(_path_parameter, names), *map(_query_parameter, operation.parameters)]
    described["responses"] = {"200": _success(operation)} | {
        str(status): _failure(_STATUS_TEXT[status]) for status in operation.errors
    }
    described["responses"]["default"] = _failure("Any other failure")
    return described


def _path_parameter(name: str) -> dict[str, Any]:
    meaning, example = _PATH_PARAMETERS[name]
    schema = {"type": "string", "minLength": 1, "examples": [example]}
    return {"name": name, "in": "path", "required": True, "description": meaning, "schema": schema}


def _query_parameter(row: Parameter | Filter) -> dict[str, Any]:
    return {"name": row.name, "in": "query", "description": row.meaning, "schema": row.schema}


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
