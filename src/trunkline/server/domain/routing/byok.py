"""Where an account's own credentials stand among the shared endpoints of a plan (spec gateway 3.7, step 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.layers import Effect
from trunkline.server.domain.routing.targets import Target

Offer = tuple[Target, Credential | None]
"""One endpoint with the credential that it is called with, None for the operator's."""


@dataclass(frozen=True, slots=True)
class Own:
    """What a caller brings along: `credentials` in the order of their trial; `shared` can be called without.

    `zdr_groups` are the groups of models of which this call needs zero retention, `region` is that of its host.
    """

    credentials: tuple[Credential, ...]
    shared: frozenset[str]
    zdr_groups: frozenset[str] = frozenset()
    region: str | None = None

    def under(self, effect: Effect) -> Own:
        """Return the same for a call under the effect of a policy, its own restrictions among them."""
        return replace(self, zdr_groups=effect.zdr_groups, region=effect.region)

    def of(self, target: Target, permaslug: str) -> Iterator[Credential]:
        """Yield the credentials with which an endpoint of a model (its variant canonical slug) may be called."""
        zdr = target.traits.group in self.zdr_groups
        return (one for one in self._for(target, permaslug) if one.suits(zdr=zdr, region=self.region))

    def reaches(self, target: Target, permaslug: str) -> bool:
        """Tell whether an endpoint can be called at all."""
        return self.is_shared(target, permaslug) or next(self.of(target, permaslug), None) is not None

    def is_shared(self, target: Target, permaslug: str) -> bool:
        """Tell whether an endpoint is called with the operator's credential too."""
        if target.provider not in self.shared or any(one.is_required for one in self._for(target, permaslug)):
            return False
        return not any(one.is_byok_only for one in self.credentials if one.provider == target.provider)

    def _for(self, target: Target, permaslug: str) -> Iterator[Credential]:
        return (one for one in self.credentials if one.provider == target.provider and one.takes(permaslug))

    def foremost(self, order: Sequence[Target], slugs: Mapping[str, str]) -> list[Target]:
        """Return endpoints in order, those first that are called with a credential of the caller's first.

        `slugs` are the variant canonical slugs of models by id.
        """

        def waits(target: Target) -> bool:
            return all(one.is_fallback for one in self.of(target, slugs[target.model]))

        return sorted(order, key=waits)


def offers(order: Sequence[Target], own: Own, slugs: Mapping[str, str], *, together: bool) -> list[Offer]:
    """Return endpoints as they are tried, once for each credential that may be used.

    Own credentials stand before all shared endpoints of their model, fallback ones after them; `together`: of all
    models as one. Endpoints keep their order among one another.
    """
    before: dict[str, list[Offer]] = {}
    after: dict[str, list[Offer]] = {}
    for target in order:
        group = "" if together else target.model
        for credential in own.of(target, slugs[target.model]):
            side = after if credential.is_fallback else before
            side.setdefault(group, []).append((target, credential))
    return list(_placed(order, own, slugs, before, after, together=together))


def _placed(
    order: Sequence[Target],
    own: Own,
    slugs: Mapping[str, str],
    before: dict[str, list[Offer]],
    after: Mapping[str, Iterable[Offer]],
    *,
    together: bool,
) -> Iterator[Offer]:
    left = Counter("" if together else target.model for target in order)
    for target in order:
        group = "" if together else target.model
        yield from before.pop(group, ())
        if own.is_shared(target, slugs[target.model]):
            yield target, None
        left[group] -= 1
        if not left[group]:
            yield from after.get(group, ())
