"""Builds a snapshot from facts, and refuses facts that do not make one (spec 2, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from sys import intern
from typing import Any, NamedTuple

import msgspec

from trunkline.server.domain.catalog import endpoints, layers, pricing, rows, slugs, stated, traits, wire
from trunkline.server.domain.catalog.endpoints import Endpoint, Provider
from trunkline.server.domain.catalog.facts import Fact, Kind, Layered, Problem
from trunkline.server.domain.catalog.index import Index, Standing
from trunkline.server.domain.catalog.snapshot import ORDERS, Row, Snapshot
from trunkline.server.domain.catalog.traits import Private

LAST_SECOND = 253_402_300_799
"""The last second of the year 9999: a later `created` is no date."""
_TELLING = re.compile(rb'"(?:name|created|pricing|architecture|context_length)":')
"""A row without any of these, and without endpoints, is what an overlay adds to a model that has gone."""
_MODEL = msgspec.json.Decoder(wire.Model)
_SOUND: tuple[tuple[str, str, Callable[[str, wire.Model], bool]], ...] = (
    ("id", "is not the id of this row", lambda key, model: model.id == key),
    ("id", "is not written as a model id", lambda key, model: slugs.is_id(key)),
    ("canonical_slug", "is not written as a slug", lambda key, model: slugs.is_id(model.canonical_slug)),
    ("created", "expected Unix seconds up to the year 9999", lambda key, model: 0 <= model.created <= LAST_SECOND),
    ("context_length", "expected a number of tokens", lambda key, model: (model.context_length or 0) >= 0),
)
ROUTER = "Router"
"""The tokenizer of rows that pass calls on to other models (spec 4.2)."""


class Place(NamedTuple):
    """What a row's place in the catalogue depends on; the decoded row would weigh ten times its text."""

    created: int
    id: str
    canonical_slug: str


Offers = dict[str, list[tuple[str, dict[str, Any], dict[str, Any]]]]


def build(facts: Iterable[Layered], revision: int, now: float) -> tuple[Snapshot, tuple[Problem, ...]]:
    """Build the snapshot of a revision with the prices of `now` (Unix seconds).

    Returns it with the problems of the rows that had to be left out; an import is refused when
    there are any, a stored revision is served without those rows. Never raises: facts are what
    others wrote, and each that makes no row is a problem with its row's key and its field.
    """
    return _Builder(layers.merge(facts)).snapshot(revision, now)


class _Builder:
    def __init__(self, merged: layers.Facts) -> None:
        self.facts = merged
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.provider_rows: list[dict[str, Any]] = []
        self.providers: dict[str, Provider] = {}
        for fact in merged[Kind.PROVIDER].values():
            self._provider(fact)
        named = sorted(self.providers.values(), key=lambda provider: provider.slug, reverse=True)
        self.by_name = {provider.name.lower(): provider for provider in named}
        self.offers: Offers = {}
        for fact in merged[Kind.ENDPOINT].values():
            self._offer(fact)

    def snapshot(self, revision: int, now: float) -> tuple[Snapshot, tuple[Problem, ...]]:
        plain: list[Fact] = []
        latest: list[Fact] = []
        for fact in self.facts[Kind.MODEL].values():
            (latest if _is_latest(fact) else plain).append(fact)
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
            canonical=_canonical([(place.canonical_slug, row) for place, row in found]),
            aliases=aliases,
            providers=sorted(self._public_providers(final), key=lambda row: (row["name"].lower(), row["slug"])),
            minutes=minutes,
            valid=pricing.window(minutes, now),
            warnings=tuple(self.warnings),
            private_ids=frozenset().union(*(ids for row in final for ids in _private_sets(row))),
        )
        return snapshot, tuple(self.problems)

    def _offer(self, fact: Fact) -> None:
        model_id, _, rest = fact.key.partition(" ")
        if not rest.rpartition(" ")[2].isdecimal():
            self._leave_out(fact.key, "", "expected a key of model id, tag and number")
            return
        try:
            offer = stated.endpoint(fact.wire)
            offer_notes = stated.notes(fact.notes, stated.EndpointNotes)
        except stated.UNREADABLE as error:
            self.problems.append(_problem(fact.key, error))
            return
        self.offers.setdefault(model_id, []).append((fact.key, offer, offer_notes))

    def _provider(self, fact: Fact) -> None:
        row: dict[str, Any] = {"slug": fact.key, "name": fact.key, "privacy_policy_url": None}
        try:
            row |= stated.provider(fact.wire)
            about = stated.notes(fact.notes, stated.ProviderNotes)
        except stated.UNREADABLE as error:
            self.problems.append(_problem(fact.key, error))
            return
        if row["slug"] != fact.key:
            self._leave_out(fact.key, "slug", "is not the slug of this row")
            return
        policy, regions = about.get("data_policy") or {}, tuple(about.get("regions") or ())
        self.providers[fact.key] = Provider(fact.key, row["name"] or fact.key, policy, regions)
        self.provider_rows.append(row)

    def _public_providers(self, rows: list[Row]) -> list[dict[str, Any]]:
        # A provider of private endpoints alone would tell of them.
        public, private = set[str](), set[str]()
        for row in rows:
            for endpoint in row.endpoints:
                (private if row.standing.private_to or endpoint.traits.private_to else public).add(endpoint.provider)
        return [row for row in self.provider_rows if row["slug"] in public or row["slug"] not in private]

    def _row(self, fact: Fact) -> tuple[Place, Row] | None:
        try:
            notes = stated.notes(fact.notes, stated.ModelNotes)
            if notes.get("hidden") is True:
                return None
            offers = self.offers.get(fact.key, [])
            if not offers and not _TELLING.search(fact.wire):
                self.warnings.append(f"{fact.key} is not listed: nothing but additions to it is known")
                return None
            accepted = self._as_given(fact)
            if accepted is None:
                # What a private endpoint offers must not show in a public row.
                apart = traits.private_to(notes) == ()
                pairs = [
                    (offer, offer_notes)
                    for _, offer, offer_notes in offers
                    if not (apart and traits.private_to(offer_notes))
                ]
                accepted = _encoded(rows.complete(fact.key, stated.model(fact.wire), notes, pairs))
        except stated.UNREADABLE as error:
            self.problems.append(_problem(fact.key, error))
            return None
        model, body, shown = accepted
        if not self._is_sound(fact.key, model):
            return None
        private = traits.private_to(notes)
        made = [self._endpoint(shown, *offer, private) for offer in offers]
        windowed = any(pricing.has_windows(p) for p in (*(e.wire["pricing"] for e in made), shown["pricing"]))
        return Place(model.created, fact.key, model.canonical_slug), Row(
            fact.key,
            body,
            notes,
            tuple(made),
            intern(fact.source),
            Standing(
                slugs.permaslug(model.canonical_slug, fact.key),
                private,
                router=not made and model.architecture.tokenizer == ROUTER,
            ),
            windowed,
        )

    def _latest(self, fact: Fact, by_id: Mapping[str, Row]) -> tuple[Place, Row] | None:
        try:
            notes = stated.notes(fact.notes, stated.ModelNotes)
            if notes.get("hidden") is True:
                return None
            own = stated.model(fact.wire)
            target = by_id.get((own.get("alias_target") or {}).get("slug", ""))
            if target is None:
                self.warnings.append(f"{fact.key} is not listed: it names no model of this catalogue")
                return None
            accepted = self._as_given(fact) or _encoded(rows.complete_alias(fact.key, own, target.decode()))
        except stated.UNREADABLE as error:
            self.problems.append(_problem(fact.key, error))
            return None
        model, body, shown = accepted
        if not self._is_sound(fact.key, model):
            return None
        windowed = target.windowed or pricing.has_windows(shown["pricing"])
        return Place(model.created, fact.key, model.canonical_slug), Row(
            fact.key,
            body,
            {**target.notes, **notes},
            target.endpoints,
            intern(fact.source),
            replace(
                target.standing,
                private_to=(*target.standing.private_to, *traits.private_to(notes)),
                latest=True,
            ),
            windowed,
        )

    def _as_given(self, fact: Fact) -> tuple[wire.Model, bytes, dict[str, Any]] | None:
        # A whole row is served in its source's own bytes; decoding it twice also reads what the types skip.
        try:
            return _MODEL.decode(fact.wire), fact.wire, msgspec.json.decode(fact.wire)
        except stated.UNREADABLE:
            return None

    def _endpoint(
        self, shown: dict[str, Any], key: str, offer: dict[str, Any], notes: dict[str, Any], private: Private
    ) -> Endpoint:
        slug = endpoints.provider_slug(offer, notes, self.by_name)
        provider = self.providers.get(slug) or Provider(slug, offer.get("provider_name") or slug, {}, ())
        return endpoints.complete(shown, key, offer, notes, provider, private)

    def _is_sound(self, key: str, model: wire.Model) -> bool:
        """Check what types cannot say; the first wrong field is the problem."""
        for field, message, holds in _SOUND:
            if not holds(key, model):
                self._leave_out(key, field, message)
                return False
        return True

    def _leave_out(self, key: str, field: str, message: str) -> None:
        self.problems.append(Problem(key, field, message))

    def _alias_targets(self) -> dict[str, str]:
        targets = {}
        for key, fact in self.facts[Kind.ALIAS].items():
            if not slugs.is_id(key):
                self._leave_out(key, "", "is not written as a model id")
                continue
            try:
                targets[key] = stated.target(fact.wire)
            except stated.UNREADABLE as error:
                self.problems.append(_problem(key, error))
        return targets


def _encoded(row: dict[str, Any]) -> tuple[wire.Model, bytes, dict[str, Any]]:
    body = msgspec.json.encode(row)
    return _MODEL.decode(body), body, row


def _is_latest(fact: Fact) -> bool:
    if b'"alias_target"' not in fact.wire:
        return False
    try:
        return "alias_target" in msgspec.json.decode(fact.wire, type=dict)
    except stated.UNREADABLE:
        return False


def _canonical(pairs: list[tuple[str, Row]]) -> dict[str, int]:
    # Variants share their base's canonical slug: the default variant's row stands for it, else the first;
    # and never a private row for a public one.
    chosen: dict[str, int] = {}
    for position, (canonical, row) in enumerate(pairs):
        if canonical not in chosen or _distance(row) < _distance(pairs[chosen[canonical]][1]):
            chosen[canonical] = position
    return chosen


def _distance(row: Row) -> tuple[bool, bool, bool]:
    return (bool(row.standing.private_to), row.id.startswith("~"), ":" in row.id)


def _private_sets(row: Row) -> Iterator[frozenset[str]]:
    yield from row.standing.private_to
    for endpoint in row.endpoints:
        yield from endpoint.traits.private_to


def _pricings(row: Row) -> list[dict[str, Any]]:
    return [row.decode()["pricing"], *(endpoint.wire["pricing"] for endpoint in row.endpoints)]


def _problem(key: str, error: Exception) -> Problem:
    message, _, path = str(error).partition(" - at `$")
    return Problem(key, path.strip("`").lstrip("."), message)
