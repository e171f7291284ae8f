"""What sources say: one `Fact` per catalogue row, and a `Delivery` per file read.

Knows neither where a fact came from on disk nor how it will be served.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

BASE = ""
"""The layer that feeds write to; every other layer is an overlay that lies on top of it."""


class Kind(StrEnum):
    """The four kinds of row that a source can state."""

    MODEL = "model"
    ENDPOINT = "endpoint"
    PROVIDER = "provider"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the catalogue, as its source stated it.

    `wire` is a JSON object with the fields that the API shows, in the source's own order and with
    fields that we have never heard of; `notes` is a JSON object with what the API does not show.

    - model: `key` is the id, `wire` any subset of Model (spec 2.2); notes: `categories` [str],
      `distillable` bool, `hidden` bool, `successor` id to use once the model has expired, `created_source` str,
      `first_listed` Unix seconds, `private_to` [account or user id].
    - endpoint: `key` is `<model id> <tag> <n>`, n counting equal tags from 0, `wire` any subset of
      PublicEndpoint (2.7) with `provider_name` and `tag`; notes: `data_policy` object, `regions` [str],
      `upstream_model` str, `price_source` str, `parameters` "proven" (see
      `endpoints.Endpoint.refuses`) or "unstated", `private_to` [account or user id].
    - provider: `key` is the slug, `wire` Provider (2.8); notes: `base_url`, `dialect`, `env` [str],
      `data_policy` object, `regions` [str].
    - alias: `key` is the alias, `wire` `{"target": id}`. All notes are optional.

    `data_policy` is `{training?: bool, retention_days?: int|null, retains?: bool, publishes?: bool,
    zdr?: "none"|"safety"|"strict"}`; an absent member is unknown, and unknown counts as training and
    retaining (spec 5.1); `zdr` need only be stated where it does not follow, as for `safety`.
    """

    kind: Kind
    key: str
    wire: bytes
    notes: bytes = b"{}"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one row: `row` is its key (or position), `field` a dotted path."""

    row: str
    field: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.row}: {self.field}: {self.message}" if self.field else f"{self.row}: {self.message}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One outside document, read: the facts in it and which stored facts they take the place of.

    `replaces` names the kinds of which this is the full list (stored base rows of that kind that
    are not in `facts` end); `replaces_endpoints_of` names models whose endpoints are listed in full
    here, where the document speaks of single models only. `layer` is `BASE`, or the overlay's name.
    An overlay always replaces its whole layer.
    """

    format: str
    source: str
    facts: tuple[Fact, ...]
    replaces: frozenset[Kind] = frozenset()
    replaces_endpoints_of: frozenset[str] = frozenset()
    layer: str = BASE
    problems: tuple[Problem, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Layered:
    """A fact in its layer, as the store keeps it."""

    layer: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two states: `before` is None for a new row, `after` for a removed one."""

    before: Layered | None
    after: Layered | None


@dataclass(frozen=True, slots=True)
class Revision:
    """One numbered state of the catalogue. `created` is Unix seconds; `number` starts at 1."""

    number: int
    created: int
    title: str
    """What made it, for people: `import openrouter-models.json`, `rollback to 3`."""
    added: int
    changed: int
    removed: int
