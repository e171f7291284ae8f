"""What the operator configured, as the two things it means: who can be called, and facts over the catalogue's own.

Keys go only to addresses that the operator wrote or that come with the package: never to one that an imported
document states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from trunkline.server.adapters.feeds.facts_document import read_facts
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.providers import egress
from trunkline.server.adapters.providers.dialects.dialect import Dialect
from trunkline.server.adapters.providers.discounts import discounted
from trunkline.server.adapters.providers.quirks import NONE, QUIRKS
from trunkline.server.adapters.providers.targets import DIALECTS, Limits, Target, Targets
from trunkline.server.domain.catalog import layers
from trunkline.server.domain.catalog.endpoints import UNSTATED
from trunkline.server.domain.catalog.facts import BASE, Fact, Layered, Problem
from trunkline.server.errors import SettingsError
from trunkline.server.provider_settings import EndpointSettings, ProviderSettings
from trunkline.server.settings import Settings

LAYER: Final = "configuration"
"""The overlay that the settings are."""
OLLAMA: Final = "ollama"
OLLAMA_PORT: Final = 11434
_PLACEHOLDER: Final = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_FILLS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_OF_MODELS: Final = ("name", "description", "created", "context_length")
_OF_ENDPOINTS: Final = (
    "tag", "upstream_model", "pricing", "regions", "context_length", "max_prompt_tokens", "max_completion_tokens",
    "quantization", "supported_parameters", "service_tier", "private_to",
)  # fmt: skip

Shipped = Mapping[str, Mapping[str, Any]]
"""The providers that come with the package: slug -> `{name, base_url?, dialect?, env?, ...}`."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, read: `targets` are called, `over` lays the facts over a catalogue, `notes` are for the log.

    `variables` names, by provider of the package, what switches it on; `asked` are those that are configured by their
    address alone, with their names: they have to say themselves which models they have.
    """

    targets: Targets
    facts: tuple[Fact, ...] = ()
    models: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: tuple[tuple[Target, str], ...] = ()

    def over(self, stored: Iterable[Layered]) -> Iterator[Layered]:
        """Yield stored facts and then ours; models only where nobody else knows them."""
        yield from layers.beneath(stored, self.models)
        for fact in self.facts:
            yield Layered(LAYER, fact)


def variable_names(shipped: Shipped) -> frozenset[str]:
    """Return the names of all variables that can switch a provider on."""
    return frozenset({"OLLAMA_HOST", *(name for row in shipped.values() for name in row.get("env") or ())})


def configure(settings: Settings, shipped: Shipped, environ: Mapping[str, str]) -> Configuration:
    """Read the settings; `environ` holds those of `variable_names` that are set.

    Raises `SettingsError`, one line that names the table and what is wrong with it.
    """
    targets: dict[str, Target] = {}
    keyless: dict[str, Target] = {}
    notes: list[str] = []
    providers = dict(settings.providers)
    if (host := environ.get("OLLAMA_HOST")) and OLLAMA not in providers:
        providers[OLLAMA] = _ollama(host)
    for slug, row in shipped.items():
        if slug not in providers and (target := _shipped_target(slug, row, environ)) is not None:
            (keyless if target.key is None else targets)[slug] = target
    for slug, provider in providers.items():
        target, has_key = _target(slug, provider, shipped.get(slug) or {}, environ)
        if provider.enabled and target is not None:
            (targets if has_key else keyless)[slug] = target
        if provider.enabled and not has_key:
            notes.append(f"provider {slug} is off: it has no key")
    facts, models = _facts(settings, providers, shipped)
    usual = {slug: tuple(row.get("env") or ()) for slug, row in shipped.items()}
    priced = {endpoint.provider for endpoint in settings.endpoints}
    asked = tuple(
        (target, providers[slug].name or slug)
        for slug, target in targets.items()
        if slug in providers and slug not in priced and slug not in shipped and target.dialect is DIALECTS["openai"]
    )
    return Configuration(Targets(targets.values(), keyless.values()), facts, models, tuple(notes), usual, asked)


def _ollama(host: str) -> ProviderSettings:
    # As Ollama's own clients read it: with or without scheme and port; a listener's 0.0.0.0 is this machine.
    url = host if "://" in host else f"http://{host}"
    try:
        at = egress.base(url)
    except egress.EgressRefused as refused:
        raise SettingsError(f"OLLAMA_HOST: {refused}") from None
    has_port = re.search(r":\d+$", url.rstrip("/").removeprefix(at.path)) is not None
    at = replace(
        at,
        host={"0.0.0.0": "127.0.0.1", "::": "::1"}.get(at.host, at.host),  # noqa: S104 - compared, not listened on
        port=at.port if has_port or "://" in host else OLLAMA_PORT,
    )
    path = at.path.removesuffix("/v1")
    policy = msgspec.convert({"training": False, "retention_days": 0}, dict)
    return msgspec.convert(
        {"base_url": f"{replace(at, path=path).url}/v1", "name": "Ollama", "data_policy": policy}, ProviderSettings
    )


def _shipped_target(slug: str, row: Mapping[str, Any], environ: Mapping[str, str]) -> Target | None:
    """Return how a provider of the package is called, without a key while the variable that it names is not set.

    None where nobody knows its address, or variables that are part of it are not set.
    """
    dialect, url, names = DIALECTS.get(row.get("dialect", "")), row.get("base_url"), row.get("env") or ()
    if dialect is None or not url:
        return None
    fills = _PLACEHOLDER.findall(url)
    key = next((environ[name] for name in names if name not in fills and name in environ), None)
    if not all(_FILLS.fullmatch(environ.get(name, "")) for name in fills):
        return None
    base_url = _PLACEHOLDER.sub(lambda found: environ[found[1]], url)
    return Target(slug=slug, base_url=base_url, dialect=dialect, key=key, quirk=QUIRKS.get(slug, NONE))


def _target(
    slug: str, provider: ProviderSettings, row: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Target | None, bool]:
    """Return how a configured provider is called, and whether nothing is missing for that.

    None where a key is missing and the dialect is not spoken either. Raises `SettingsError`.
    """
    known = _shipped_target(slug, row, environ)
    url, configured = provider.base_url, provider.base_url is not None
    if url is None:
        url = known.base_url if known is not None else row.get("base_url")
        if not url or _PLACEHOLDER.search(url):
            raise SettingsError(f"providers.{slug}: base_url is missing, and the catalogue knows none")
    try:
        egress.base(url)
    except egress.EgressRefused as refused:
        raise SettingsError(f"providers.{slug}: {refused}") from None
    key = None
    if provider.api_key is not None:
        key = provider.api_key.reveal()
    elif not configured and known is not None:
        # The usual variable's key is for the usual address, never for another one.
        key = known.key
    headers = tuple((name.lower(), value.reveal()) for name, value in provider.headers.items())
    has_key = key is not None or (provider.api_key is None and configured)
    has_all = has_key and all(value is not None for _, value in headers)
    dialect = _dialect(slug, provider, row) if has_all else DIALECTS.get(_named(provider, row))
    if dialect is None:
        return None, False
    quirk = QUIRKS.get(slug, NONE)
    target = Target(
        slug=slug,
        base_url=url,
        dialect=dialect,
        key=key,
        headers=tuple((name, value) for name, value in headers if value is not None),
        limits=Limits(
            **{name: value for name, value in msgspec.structs.asdict(provider.timeouts).items() if value is not None}
        ),
        configured=configured,
        completions=provider.completions,
        quirk=replace(quirk, drop=quirk.drop | set(provider.drop_fields)) if provider.drop_fields else quirk,
    )
    return target, has_all


def _named(provider: ProviderSettings, row: Mapping[str, Any]) -> str:
    return provider.dialect or row.get("dialect") or "openai"


def _dialect(slug: str, provider: ProviderSettings, row: Mapping[str, Any]) -> Dialect:
    name = _named(provider, row)
    if name not in DIALECTS:
        raise SettingsError(f"providers.{slug}: the dialect {name} is not spoken here, only {', '.join(DIALECTS)}")
    return DIALECTS[name]


def _facts(
    settings: Settings, providers: Mapping[str, ProviderSettings], shipped: Shipped
) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Return the overlay's facts, and the models to add where nobody knows them. Raises `SettingsError`."""
    document: dict[str, Any] = {"trunkline": 1, "layer": LAYER, "source": LAYER}
    document["providers"] = {slug: _provider_row(slug, row, slug in shipped) for slug, row in providers.items()}
    endpoints: dict[str, list[dict[str, Any]]] = {}
    document["endpoints"] = endpoints
    for position, endpoint in enumerate(settings.endpoints):
        if endpoint.provider not in providers and endpoint.provider not in shipped:
            near = get_close_matches(endpoint.provider, [*providers, *shipped], 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"endpoints[{position}]: there is no provider {endpoint.provider}{hint}")
        row = _endpoint_row(position, endpoint)
        if endpoint.supported_parameters is None and endpoint.provider not in shipped:
            row["parameters"] = UNSTATED
        endpoints.setdefault(endpoint.model, []).append(row)
    models: dict[str, dict[str, Any]] = {}
    for endpoint in settings.endpoints:
        models[endpoint.model] = _model_row(endpoint) | models.get(endpoint.model, {})
    known = Known({str(row["name"]): slug for slug, row in shipped.items()})
    facts = _read(document, known)
    additions = _read({"trunkline": 1, "layer": BASE, "source": LAYER, "models": models}, known)
    return facts, additions


def _read(document: dict[str, Any], known: Known) -> tuple[Fact, ...]:
    delivery = read_facts(document, LAYER, known)
    for problem in delivery.problems:
        if problem.fatal:
            raise SettingsError(_said(problem))
    return delivery.facts


def _said(problem: Problem) -> str:
    return f"endpoints and providers of the settings: {problem}"


def _provider_row(slug: str, provider: ProviderSettings, is_shipped: bool) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if provider.name is not None or not is_shipped:
        row["name"] = provider.name or slug
    if provider.data_policy is not None:
        row["data_policy"] = _stated(provider.data_policy)
    if provider.regions is not None:
        row["regions"] = list(provider.regions)
    return row


def _endpoint_row(position: int, endpoint: EndpointSettings) -> dict[str, Any]:
    row: dict[str, Any] = {"provider": endpoint.provider}
    for name in _OF_ENDPOINTS:
        value = getattr(endpoint, name)
        if value is not None:
            row[name] = list(value) if isinstance(value, tuple) else value
    if endpoint.data_policy is not None:
        row["data_policy"] = _stated(endpoint.data_policy)
    if endpoint.pricing is not None:
        try:
            row["pricing"] = discounted(endpoint.pricing)
        except ValueError as error:
            raise SettingsError(f"endpoints[{position}]: pricing.discount {error}") from None
    return row


def _model_row(endpoint: EndpointSettings) -> dict[str, Any]:
    row = {name: value for name in _OF_MODELS if (value := getattr(endpoint, name)) is not None}
    kinds = {
        name: list(value)
        for name in ("input_modalities", "output_modalities")
        if (value := getattr(endpoint, name)) is not None
    }
    return row | ({"architecture": kinds} if kinds else {})


def _stated(policy: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(policy).items() if value is not None}
