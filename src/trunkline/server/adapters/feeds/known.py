"""What a feed may need of the running catalogue: which models there are and how providers are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from trunkline.server.domain.catalog.facts import Fact, Kind


@dataclass(frozen=True, slots=True)
class Known:
    """Models and providers of the catalogue that a document is going to be laid into.

    `provider_slugs` maps display names to slugs (`Google` is `google-vertex`: neither can be derived
    from the other), `model_ids` are the ids of all rows.
    """

    provider_slugs: Mapping[str, str] = field(default_factory=dict)
    model_ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Known:
        """Collect what is known from facts; of several providers of one name the last wins."""
        slugs: dict[str, str] = {}
        models: set[str] = set()
        for fact in facts:
            if fact.kind is Kind.MODEL:
                models.add(fact.key)
            elif fact.kind is Kind.PROVIDER:
                name = msgspec.json.decode(fact.wire).get("name")
                if isinstance(name, str):
                    slugs[name] = fact.key
        return cls(slugs, frozenset(models))

    def provider_name(self, slug: str) -> str | None:
        """Return the display name of a provider, None when nobody stated one."""
        return next((name for name, known in self.provider_slugs.items() if known == slug), None)
