"""Settings as people type them: `name=value` pairs and TOML files, made the body of a request."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from trunkline.server.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)
NOTHING = ("", "null", "none")
"""What a value is typed as to remove it."""


def body(kind: type[T], pairs: Sequence[str] = (), file: Path | None = None, /, **given: Any) -> T:
    """Return a body from a TOML file, then `name=value` pairs, then given fields, later ones winning.

    Lists are typed with commas. Raises `SettingsError` naming the field.
    """
    fields = _from_file(file) if file is not None else {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"{pair}: expected name=value")
        fields[name] = _typed(kind, name, value)
    fields |= {name: value for name, value in given.items() if value is not None}
    unknown = sorted(set(fields) - set(kind.__struct_fields__))
    if unknown:
        raise SettingsError(f"there is no setting {unknown[0]}; known are {', '.join(kind.__struct_fields__)}")
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise SettingsError(f"{path.strip('`').lstrip('.') or 'settings'}: {message}") from None


def _typed(kind: type[msgspec.Struct], name: str, value: str) -> Any:
    if value.lower() in NOTHING:
        return None
    accepted = get_type_hints(kind, include_extras=False).get(name)
    if any(getattr(option, "__origin__", option) is list for option in get_args(accepted)):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: is not TOML: {error}") from None
