"""The settings as rows, and the only reader of the environment and of the TOML file.

A setting is one line of `Settings`: its name is the TOML key, `TRUNKLINE_<NAME>` its variable, and `--<name>` its
flag where the line says so. Flags win over variables, variables over the file, the file over the default.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
import platformdirs
from msgspec import Meta

from trunkline.server.errors import SettingsError
from trunkline.server.gateway_settings import GatewaySettings
from trunkline.server.provider_settings import EndpointSettings, ProviderSettings, Secret, fault_of

FLAG: Final = {"flag": True}
SECRET: Final = {"secret": True}
FILE_NAME: Final = "trunkline.toml"
_NO_VARIABLES: Final[Mapping[str, str]] = {}


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """An outside catalogue that `trunkline catalog sync` fetches."""

    url: str
    format: str | None = None
    """The document's format; None lets the reader recognise it."""
    enabled: bool = True


def _feeds() -> dict[str, Feed]:
    # Off by default: nothing is fetched from anywhere unless asked.
    return {
        "openrouter": Feed(url="https://openrouter.ai/api/v1/models?output_modalities=all", enabled=False),
        "openrouter-providers": Feed(url="https://openrouter.ai/api/v1/providers", enabled=False),
        "models.dev": Feed(url="https://models.dev/api.json", enabled=False),
    }


class Settings(GatewaySettings, frozen=True, kw_only=True):
    """Everything that can be set, one line each; `load` fills it, tests may build one directly."""

    home: Annotated[Path, Meta(description="Folder of the database and the settings file.", extra=FLAG)] = (
        msgspec.field(default_factory=lambda: platformdirs.user_data_path("trunkline", appauthor=False))
    )
    config: Annotated[
        Path | None, Meta(description=f"Settings file; {FILE_NAME} in the home, if there is one.", extra=FLAG)
    ] = None
    host: Annotated[str, Meta(min_length=1, description="Address to listen on.", extra=FLAG)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 takes a free one.", extra=FLAG)] = 8080
    workers: Annotated[int, Meta(ge=1, le=256, description="Worker processes.", extra=FLAG)] = 1
    site_url: Annotated[
        str, Meta(pattern="^https?://[^/]", description="Address that RSS links point to; by default host and port.")
    ] = "http://127.0.0.1:8080"
    rss_title: Annotated[str, Meta(description="Title of the RSS channel.")] = "OpenRouter Models"
    database_url: Annotated[
        str | None, Meta(description="Store, sqlite:////path or postgresql://...; by default trunkline.db in the home.")
    ] = None
    management_key: Annotated[
        str | None,
        Meta(description="Management key that the first start takes; without it one is drawn.", extra=SECRET),
    ] = None
    operator: Annotated[
        str | None, Meta(description="Id of the account whose management keys manage all accounts; by default none.")
    ] = None
    polling_microseconds: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="How long a worker looks for what comes next before it sleeps, as long as "
            "that comes so soon; 0 sleeps at once.",
        ),
    ] = 150
    body_limit: Annotated[int, Meta(ge=1, description="Largest request body in bytes.")] = 1024 * 1024
    credits: Annotated[
        Decimal | None, Meta(description="USD that every account may spend in all; by default without limit.")
    ] = None
    secret_key: Annotated[
        str | None,
        Meta(
            description="32 random bytes, as hexadecimal digits or base64, under which accounts' own keys at providers "
            "are encrypted, and after a comma older ones; by default drawn into the home, which a store on a database "
            "server does not take.",
            extra=SECRET,
        ),
    ] = None
    byok_fee: Annotated[
        Decimal, Meta(description="Share of the list price, such as 0.05, that calls with an account's own key cost.")
    ] = Decimal(0)
    byok_allowance: Annotated[
        Decimal, Meta(description="USD of list price for which an account pays no byok_fee, in each month (UTC).")
    ] = Decimal(0)
    generation_days: Annotated[
        int, Meta(ge=1, le=36500, description="Days for which single generations are kept; sums by day are for ever.")
    ] = 90
    content_days: Annotated[
        int, Meta(ge=1, le=36500, description="Days for which it is kept what calls said, where a workspace keeps it.")
    ] = 90
    response_cache_bytes: Annotated[
        int, Meta(ge=0, description="Bytes for answers that callers asked to be kept, in each process; 0 keeps none.")
    ] = 64 * 1024 * 1024
    filter_answers: Annotated[
        bool, Meta(description="Whether content filters of guardrails read answers too, not only requests.")
    ] = False
    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="Addresses or networks whose X-Forwarded-* headers count.")
    ] = ()
    hosts: Annotated[
        dict[str, Literal["eu", "us"]], Meta(description="Host name prefixes that stand for a region.")
    ] = msgspec.field(default_factory=lambda: {"eu.": "eu", "us.": "us"})
    feeds: Annotated[dict[str, Feed], Meta(description="Outside catalogues for `trunkline catalog sync`.")] = (
        msgspec.field(default_factory=_feeds)
    )
    providers: Annotated[
        dict[str, ProviderSettings], Meta(description="Who serves models: base URL, dialect, key, data policy.")
    ] = msgspec.field(default_factory=dict)
    endpoints: Annotated[
        tuple[EndpointSettings, ...], Meta(description="Models at those providers, with your own prices.")
    ] = ()

    @property
    def store(self) -> str:
        """Return where the store is: a URL, or the path of an SQLite file."""
        return self.database_url or str(self.home / "trunkline.db")

    def __repr__(self) -> str:
        shown = ", ".join(f"{row.name}={_shown(self, row)}" for row in ROWS)
        return f"Settings({shown})"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as people see it: `variable` and `flag` are None where it has none."""

    name: str
    type: Any
    help: str
    variable: str | None
    flag: str | None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings together with where each came from; `origins` has a key per setting, `feeds.NAME` for a feed."""

    settings: Settings
    origins: Mapping[str, str]

    def shown(self) -> Iterator[tuple[str, Any, str]]:
        """Yield name, value as JSON would have it with passwords masked, and origin, in the order of the rows."""
        for row in ROWS:
            value = _shown(self.settings, row)
            if _entries(row.type):
                for name, entry in value.items():
                    path = _dotted((row.name, name))
                    yield path, entry, self.origins[path]
            else:
                yield row.name, value, self.origins[row.name]


def load(flags: Mapping[str, str | None] | None = None, environ: Mapping[str, str] | None = None) -> Effective:
    """Return the effective settings from flags (by setting's name, None for absent), variables, file and defaults.

    An empty variable counts as absent. Raises `SettingsError`, one line that names the key and its place.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for row in ROWS:
        if row.flag and (text := (flags or {}).get(row.name)) is not None:
            values[row.name], origins[row.name] = _from_text(row, text, row.flag), row.flag
        elif row.variable and (text := environ.get(row.variable)):
            values[row.name], origins[row.name] = _from_text(row, text, row.variable), row.variable
    file = values.get("config")
    if file is None:
        candidate = values.get("home", Settings().home) / FILE_NAME
        if candidate.exists():
            values["config"], origins["config"] = candidate, "found in the home"
            file = candidate
    if file is not None:
        _take_file(file, values, origins, environ)
    if "site_url" not in values:
        values["site_url"], origins["site_url"] = _own_url(values), "host and port"
    settings = Settings(**values)
    for row in ROWS:
        for path in [_dotted((row.name, e)) for e in getattr(settings, row.name)] if _entries(row.type) else [row.name]:
            origins.setdefault(path, origins.get(row.name, "default"))
    return Effective(settings, origins)


def variables(names: Iterable[str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return those variables of the environment that are set; an empty one counts as absent."""
    environ = os.environ if environ is None else environ
    return {name: text for name in names if (text := environ.get(name))}


def _take_file(file: Path, values: dict[str, Any], origins: dict[str, str], environ: Mapping[str, str]) -> None:
    document = _read_toml(file)
    for path, known in _unknown(document, Settings, ()):
        near = get_close_matches(_dotted(path), known, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
        raise SettingsError(f"{file}: unknown key {_dotted(path)}{hint}")
    if "config" in document:
        raise SettingsError(f"{file}: config cannot be set in the file itself")
    for row in ROWS:
        if row.name not in document:
            continue
        value = document[row.name]
        if _entries(row.type) and isinstance(value, dict):
            # Entries are laid over those that come configured, so that `enabled = true` is enough for one of them.
            preset = msgspec.to_builtins(getattr(Settings(), row.name))
            origins |= {_dotted((row.name, name)): str(file) for name in value}
            value = preset | {n: preset.get(n, {}) | e if isinstance(e, dict) else e for n, e in value.items()}
        elif row.name == "home" and isinstance(value, str):
            value = str(file.absolute().parent / Path(value).expanduser())
        if get_origin(_bare(row.type)) is dict and isinstance(value, dict):
            entry = get_args(_bare(row.type))[1]
            value = {n: _convert(entry, e, _dotted((row.name, n)), str(file), environ) for n, e in value.items()}
        else:
            # Also where a flag or variable has won already: a wrong line should not wait for the day it counts.
            value = _convert(row.type, value, row.name, str(file), environ)
        if row.name == "providers":
            _check_providers(value, file)
        if row.name not in values:
            values[row.name] = value
            if not _entries(row.type):
                origins[row.name] = str(file)


def _check_providers(providers: Mapping[str, ProviderSettings], file: Path) -> None:
    for slug, provider in providers.items():
        if fault := fault_of(slug, provider):
            raise SettingsError(f"{_dotted(('providers', slug))} in {file}: {fault}")


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: is not TOML: {error}") from None


def _from_text(row: Row, text: str, origin: str) -> Any:
    if get_origin(_bare(row.type)) is tuple:
        return _convert(row.type, [part.strip() for part in text.split(",") if part.strip()], row.name, origin)
    return _convert(row.type, text, row.name, origin, strict=False)


def _convert(
    kind: Any, value: Any, name: str, origin: str, environ: Mapping[str, str] = _NO_VARIABLES, *, strict: bool = True
) -> Any:
    try:
        converted = msgspec.convert(value, kind, strict=strict, dec_hook=partial(_from_string, environ))
        if isinstance(converted, Decimal) and not (converted.is_finite() and converted >= 0):
            raise ValueError("expected an amount of 0 or more")
        if name == "byok_fee" and converted > 1:  # 5 % is 0.05
            raise ValueError("expected a share from 0 to 1")
        if name == "trusted_proxies":
            for network in converted:
                ipaddress.ip_network(network)
    except ValueError as error:
        said = str(error).replace("`", "").replace(" - at $.", " at ").replace(" - at $", " at ")
        raise SettingsError(f"{name} in {origin}: {said[0].lower()}{said[1:]}") from None
    return converted


def _from_string(environ: Mapping[str, str], kind: type, value: Any) -> Any:
    if kind is Secret:
        if isinstance(value, str):
            return Secret(value, environ)
        raise ValueError(f"expected str, got {type(value).__name__}")
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value).expanduser().absolute()
    raise ValueError(f"expected a path, got {type(value).__name__}")


def _unknown(value: Any, kind: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    # Yields the path of each key that no Struct on the way knows, with the paths that could have been meant.
    kind = _bare(kind)
    if isinstance(value, list) and get_origin(kind) is tuple:
        for position, entry in enumerate(value):
            yield from _unknown(entry, get_args(kind)[0], (*path[:-1], f"{path[-1]}[{position}]"))
    if not isinstance(value, dict):
        return
    if get_origin(kind) is dict:
        for key, entry in value.items():
            yield from _unknown(entry, get_args(kind)[1], (*path, key))
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = get_type_hints(kind, include_extras=True)
        presets = getattr(Settings(), path[0], ()) if path else ()
        known = [_dotted((*path, name)) for name in _in_order(fields)] + [_dotted((path[0], name)) for name in presets]
        for key, entry in value.items():
            if key not in fields:
                yield (*path, key), known
            else:
                yield from _unknown(entry, fields[key], (*path, key))


def _own_url(values: Mapping[str, Any]) -> str:
    host, port = values.get("host", "127.0.0.1"), values.get("port", 8080)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - listening everywhere is no address
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _entries(kind: Any) -> bool:
    kind = _bare(kind)
    return get_origin(kind) is dict and isinstance(get_args(kind)[1], type)


def _tables(kind: Any) -> bool:
    kind = _bare(kind)
    return get_origin(kind) is tuple and issubclass(get_args(kind)[0], msgspec.Struct)


def _bare(kind: Any) -> Any:
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    # Of a type or None, the type.
    return get_args(kind)[0] if get_origin(kind) is UnionType and get_args(kind)[1:] == (NoneType,) else kind


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(part if re.fullmatch(r"[\w-]+(\[\d+\])?", part) else f'"{part}"' for part in path)


def _shown(settings: Settings, row: Row) -> Any:
    value = getattr(settings, row.name)
    return "***" if row.secret and value is not None else _masked(msgspec.to_builtins(value, **_OUT))


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub(r"(://[^/@:\s]*):[^/@\s]*@", r"\1:***@", value)
    if isinstance(value, dict):
        return {key: _masked(entry) for key, entry in value.items()}
    return value


def _in_order(names: Iterable[str]) -> list[str]:
    # Those of the gateway last, though they are inherited.
    return sorted(names, key=lambda name: name in GatewaySettings.__annotations__)


def _rows() -> Iterator[Row]:
    hints = get_type_hints(Settings, include_extras=True)
    for name in _in_order(hints):
        kind = hints[name]
        meta = get_args(kind)[1]
        text = get_origin(_bare(kind)) is not dict and not _tables(kind)
        extra = meta.extra or {}
        flag = f"--{name.replace('_', '-')}" if "flag" in extra else None
        variable = f"TRUNKLINE_{name.upper()}" if text else None
        yield Row(name, kind, meta.description, variable, flag, "secret" in extra)


_OUT: Final[dict[str, Any]] = {"enc_hook": str}
ROWS: Final = tuple(_rows())
