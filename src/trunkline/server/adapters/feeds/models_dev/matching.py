"""Finds the catalogue's model for a provider's own model id; precision goes before recall.

Wrong money is worse than a missing offer, so what could be two models is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trunkline.server.adapters.feeds.models_dev.organisations import AUTHORS_OF, DASHED, FIRST_PARTY, PREFIXES

_BEDROCK = re.compile(r"(?:(us|eu|au|jp|apac|global)\.)?([a-z0-9]+)\.([a-z0-9][\w.-]*?)(?::\d+)?")
_FIREWORKS_POINT = re.compile(r"(?<=\d)p(?=\d)")
_DATE = re.compile(r"[-@](?:20\d{6}|20\d\d-\d\d-\d\d)$")
_VERSION = re.compile(r"-v\d$")
_SERVICE = re.compile(r"(?:-maas|-tee|@default)$")
_PRECISION = re.compile(r"-(fp8|bf16|nvfp4|int4|mxfp4|awq)(?:-dynamic)?$")
_INSTRUCT = re.compile(r"-(?:instruct|it)(?=-|$)")


class Outcome(StrEnum):
    """How the search for a model ended."""

    EXACT = "exact"
    DATED = "dated"
    INSTRUCT = "instruct"
    CURATED = "curated"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Match:
    """The model that was found (None otherwise), the weights' precision and region where the id tells them."""

    outcome: Outcome
    model: str | None = None
    quantization: str = "unknown"
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A provider's id taken apart: the organisation in it, if any, and the model's own name."""

    text: str
    organisation: str | None = None
    quantization: str = "unknown"
    region: str | None = None


def take_apart(provider: str, upstream: str) -> Name:
    """Split a provider's id into organisation, name, precision and region."""
    text = upstream.lower()
    region = None
    if provider == "fireworks-ai":
        text = _FIREWORKS_POINT.sub(".", text)
    for prefix in PREFIXES:
        text = text.removeprefix(prefix)
    organisation: str | None = None
    if provider == "amazon-bedrock" and (found := _BEDROCK.fullmatch(text)):
        region, organisation, text = found.groups()
    elif "/" in text:
        organisation, _, text = text.rpartition("/")
    else:
        dashed = next((org for org in DASHED if text.startswith(f"{org}-")), None)
        if dashed:
            organisation, text = dashed, text.removeprefix(f"{dashed}-")
    text = _SERVICE.sub("", text)
    precision = _PRECISION.search(text)
    return Name(
        _PRECISION.sub("", text), organisation, precision[1].replace("awq", "int4") if precision else "unknown", region
    )


def key(name: str) -> str:
    """Return what is left of a name without its separators: `Llama-3_1-8B` and `llama3.1-8b` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass(slots=True)
class Index:
    """The models that can be found, by key. Build with `Index.of`."""

    exact: Mapping[str, frozenset[str]]
    loose: Mapping[str, frozenset[str]]
    curated: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        models: Iterable[str],
        names: Mapping[str, Iterable[str]] | None = None,
        curated: Mapping[str, str | None] | None = None,
    ) -> Index:
        """Index concrete ids: no variants, no `~` rows, no routers.

        `names` gives models further names, without organisation; `curated` maps `provider/upstream id`
        of models.dev to a model, or to None for no model at all.
        """
        exact: dict[str, set[str]] = {}
        loose: dict[str, set[str]] = {}
        for model in models:
            if ":" in model or model.startswith(("~", "openrouter/")):
                continue
            name = model.partition("/")[2]
            exact.setdefault(key(name), set()).add(model)
            loose.setdefault(key(_INSTRUCT.sub("", name)), set()).add(model)
            for other in (names or {}).get(model, ()):
                exact.setdefault(key(other), set()).add(model)
        freeze = {k: frozenset(v) for k, v in exact.items()}, {k: frozenset(v) for k, v in loose.items()}
        return cls(*freeze, curated=curated or {})

    def find(self, provider: str, upstream: str) -> Match:
        """Return the model that `upstream` of a models.dev provider is."""
        name = take_apart(provider, upstream)
        chosen = f"{provider}/{upstream}"
        if chosen in self.curated:
            model = self.curated[chosen]
            outcome = Outcome.CURATED if model else Outcome.NONE
            return Match(outcome, model, name.quantization, name.region)
        for outcome, candidates in self._candidates(name):
            models = _by_author(candidates, name.organisation)
            own = frozenset(m for m in models if m.startswith(f"{FIRST_PARTY.get(provider)}/"))
            models = own or models
            if len(models) == 1:
                return Match(outcome, next(iter(models)), name.quantization, name.region)
            if models:
                return Match(Outcome.AMBIGUOUS)
        return Match(Outcome.NONE)

    def _candidates(self, name: Name) -> Iterator[tuple[Outcome, frozenset[str]]]:
        none: frozenset[str] = frozenset()
        undated = _DATE.sub("", _VERSION.sub("", name.text))
        for text in dict.fromkeys((name.text, _VERSION.sub("", name.text), f"{name.organisation}-{undated}")):
            yield Outcome.EXACT, self.exact.get(key(text), none)
        if undated != name.text:
            yield Outcome.DATED, self.exact.get(key(undated), none)
        yield Outcome.INSTRUCT, self.loose.get(key(_INSTRUCT.sub("", undated)), none)


def _by_author(models: frozenset[str], organisation: str | None) -> frozenset[str]:
    """Keep the models whose author may be called `organisation`; without one every author may."""
    if organisation is None:
        return models
    authors = AUTHORS_OF.get(organisation, ())
    return frozenset(model for model in models if model.partition("/")[0] in authors)
