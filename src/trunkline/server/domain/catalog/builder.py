"""Builds a snapshot from facts, and refuses facts that do not make one (spec 2, 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trunkline.server.domain.catalog import endpoints, layers, pricing, rows, slugs, wire, wire_endpoint
from trunkline.server.domain.catalog.endpoints import Endpoint, Provider
from trunkline.server.domain.catalog.facts import Fact, Kind, Layered, Problem
from trunkline.server.domain.catalog.index import Index
from trunkline.server.domain.catalog.snapshot import ORDERS, Row, Snapshot

_MODEL = msgspec.json.Decoder(wire.Model)
_REQUIRED_AS_GIVEN = (msgspec.ValidationError, msgspec.DecodeError)
Offers = dict[str, list[tuple[str, dict[str, Any], dict[str, Any]]]]


def build(facts: Iterable[Layered], revision: int, now: float) -> tuple[Snapshot, tuple[Problem, ...]]:
    """Build the snapshot of a revision with the prices of `now` (Unix seconds).

    Returns it with the problems of the rows that had to be left out; an import is refused when
    there are any, a stored revision is served without those rows.
    """
    return _Builder(layers.merge(facts)).snapshot(revision, now)


class _Builder:
    def __init__(self, merged: layers.Facts) -> None:
        self.facts = merged
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.providers = _providers(merged[Kind.PROVIDER])
        self.by_name = {provider.name.lower(): provider for provider in self.providers.values()}
        self.offers: Offers = {}
        for fact in merged[Kind.ENDPOINT].values():
            offer = (fact.key, msgspec.json.decode(fact.wire), msgspec.json.decode(fact.notes))
            self.offers.setdefault(fact.key.split(" ", 1)[0], []).append(offer)

    def snapshot(self, revision: int, now: float) -> tuple[Snapshot, tuple[Problem, ...]]:
        plain: list[Fact] = []
        latest: list[Fact] = []
        for fact in self.facts[Kind.MODEL].values():
            (latest if b'"alias_target"' in fact.wire else plain).append(fact)
        found = [row for fact in plain if (row := self._row(fact)) is not None]
        by_id = {row.id: row for _, row in found}
        found += [row for fact in latest if (row := self._latest(fact, by_id)) is not None]
        found.sort(key=lambda pair: (-pair[0].created, pair[0].id))

        priced = [row for _, row in found if row.windowed]
        minutes = pricing.boundaries(p for row in priced for p in _pricings(row))
        moment = pricing.Moment.of(now)
        final = [row.priced(moment) for _, row in found]
        aliases, refused = slugs.resolve_aliases(self._alias_targets(), [row.id for row in final])
        self.warnings += [f"alias {alias} is not used: it {why}" for alias, why in refused.items()]
        snapshot = Snapshot(
            revision=revision,
            rows=final,
            index=Index.of([row.facets() for row in final], ORDERS),
            positions={row.id: position for position, row in enumerate(final)},
            canonical=_canonical([(model.canonical_slug, model.id) for model, _ in found]),
            aliases=aliases,
            providers=self._provider_list(),
            minutes=minutes,
            valid=pricing.window(minutes, now),
            warnings=tuple(self.warnings),
        )
        return snapshot, tuple(self.problems)

    def _row(self, fact: Fact) -> tuple[wire.Model, Row] | None:
        notes = msgspec.json.decode(fact.notes)
        if notes.get("hidden") is True:
            return None
        offers = self.offers.get(fact.key, [])
        body, model = fact.wire, None
        try:
            model = _MODEL.decode(body)
        except _REQUIRED_AS_GIVEN:
            stated = [(offer, offer_notes) for _, offer, offer_notes in offers]
            completed = rows.complete(fact.key, msgspec.json.decode(fact.wire), notes, stated)
            body = msgspec.json.encode(completed)
            model = self._checked(fact.key, body)
        if model is None:
            return None
        return model, self._with_endpoints(fact, body, notes, model, offers)

    def _latest(self, fact: Fact, by_id: Mapping[str, Row]) -> tuple[wire.Model, Row] | None:
        stated = msgspec.json.decode(fact.wire)
        target = by_id.get((stated.get("alias_target") or {}).get("slug", ""))
        if target is None:
            self.warnings.append(f"{fact.key} is not listed: it names no model of this catalogue")
            return None
        body = fact.wire
        try:
            model: wire.Model | None = _MODEL.decode(body)
        except _REQUIRED_AS_GIVEN:
            body = msgspec.json.encode(rows.complete_alias(fact.key, stated, target.decode()))
            model = self._checked(fact.key, body)
        if model is None:
            return None
        notes = {**target.notes, **msgspec.json.decode(fact.notes)}
        windowed = target.windowed or pricing.has_windows(msgspec.json.decode(body)["pricing"])
        return model, Row(fact.key, body, notes, target.endpoints, fact.source, windowed)

    def _with_endpoints(self, fact: Fact, body: bytes, notes: dict[str, Any], model: wire.Model, offers: Any) -> Row:
        shown: dict[str, Any] = msgspec.json.decode(body) if offers or b'"overrides"' in body else {}
        made: list[Endpoint] = []
        for key, offer, offer_notes in offers:
            slug = endpoints.provider_slug(offer, offer_notes, self.by_name)
            provider = self.providers.get(slug) or Provider(slug, offer.get("provider_name") or slug, {}, ())
            endpoint = endpoints.complete(shown, key, offer, offer_notes, provider)
            try:
                msgspec.convert(endpoint.wire, wire_endpoint.PublicEndpoint)
                made.append(endpoint)
            except msgspec.ValidationError as error:
                self.problems.append(_problem(key, error))
        windowed = any(pricing.has_windows(p) for p in (*(e.wire["pricing"] for e in made), shown.get("pricing") or {}))
        return Row(model.id, body, notes, tuple(made), fact.source, windowed)

    def _checked(self, key: str, body: bytes) -> wire.Model | None:
        try:
            return _MODEL.decode(body)
        except msgspec.ValidationError as error:
            self.problems.append(_problem(key, error))
            return None

    def _alias_targets(self) -> dict[str, str]:
        return {key: msgspec.json.decode(fact.wire)["target"] for key, fact in self.facts[Kind.ALIAS].items()}

    def _provider_list(self) -> list[dict[str, Any]]:
        listed = []
        for fact in self.facts[Kind.PROVIDER].values():
            row = {"slug": fact.key, "name": fact.key, "privacy_policy_url": None, **msgspec.json.decode(fact.wire)}
            try:
                msgspec.convert(row, wire_endpoint.Provider)
                listed.append(row)
            except msgspec.ValidationError as error:
                self.problems.append(_problem(fact.key, error))
        return sorted(listed, key=lambda row: (row["name"].lower(), row["slug"]))


def _providers(facts: Mapping[str, Fact]) -> dict[str, Provider]:
    made = {}
    for slug, fact in facts.items():
        shown, notes = msgspec.json.decode(fact.wire), msgspec.json.decode(fact.notes)
        policy, regions = notes.get("data_policy") or {}, tuple(notes.get("regions") or ())
        made[slug] = Provider(slug, shown.get("name") or slug, policy, regions)
    return made


def _canonical(pairs: list[tuple[str, str]]) -> dict[str, int]:
    # Variants share their base's canonical slug: the default variant's row stands for it, else the first.
    chosen: dict[str, int] = {}
    for position, (canonical, model_id) in enumerate(pairs):
        if canonical not in chosen or (":" not in model_id and ":" in pairs[chosen[canonical]][1]):
            chosen[canonical] = position
    return chosen


def _pricings(row: Row) -> list[dict[str, Any]]:
    return [row.decode()["pricing"], *(endpoint.wire["pricing"] for endpoint in row.endpoints)]


def _problem(key: str, error: msgspec.ValidationError) -> Problem:
    message, _, path = str(error).partition(" - at `$")
    return Problem(key, path.strip("`").lstrip("."), message)
