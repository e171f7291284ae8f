"""JSON schemas as Gemini reads them: most keywords stay, the few that it refuses are left out or said otherwise.

Source: ai.google.dev, "Structured outputs"; `parametersJsonSchema` and `responseJsonSchema` take JSON Schema itself.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

_REFUSED: Final = frozenset({"$schema", "discriminator", "examples", "exclusiveMinimum", "exclusiveMaximum"})
_OF_SCHEMAS: Final = frozenset({"properties", "$defs", "definitions", "patternProperties"})
"""Keywords whose members are named by the caller: each is a schema, whatever its name."""
_NESTED: Final = frozenset({"items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf", "not"})


def readable(schema: Any) -> Any:
    """Return a schema without what Gemini refuses; `const` becomes an `enum` of one."""
    if isinstance(schema, list):
        return [readable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made: Json = {}
    for name, value in schema.items():
        if name in _OF_SCHEMAS and isinstance(value, dict):
            made[name] = {key: readable(inner) for key, inner in value.items()}
        elif name in _NESTED:
            made[name] = readable(value)
        elif name == "const":
            made["enum"] = [value]
        elif name not in _REFUSED:
            made[name] = value
    return made
