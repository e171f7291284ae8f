"""A model is listed for a key exactly when a call with that key finds an endpoint (issue of the gateway; spec 5.5)."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.fixture import NOW, latest, model, snapshot
from tests.server.domain.routing import worlds
from tests.server.domain.routing.scene import EMBEDDINGS, planned, text_model
from trunkline.server.domain.catalog.facts import Fact
from trunkline.server.domain.catalog.snapshot import Row
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.policy.predicate import passes
from trunkline.server.domain.policy.visibility import visible
from trunkline.server.domain.routing.pools import Pools

ROUTERS = tuple(
    model(slug, architecture={"tokenizer": "Router", "input_modalities": ["text"], "output_modalities": ["text"]})
    for slug in ("openrouter/auto", "openrouter/free")
)


@st.composite
def catalogues(draw: st.DrawFn) -> list[Fact]:
    """Draw a catalogue with a free variant, a model for embeddings, a family and the routers."""
    facts = draw(worlds.catalogues())
    extra = {
        "acme/m:free": text_model("acme/m:free"),
        "acme/e": text_model("acme/e", architecture=EMBEDDINGS),
    }
    for key, row in extra.items():
        if draw(st.booleans()):
            facts += [row, *(draw(worlds.offers(key, number)) for number in range(draw(st.integers(0, 2))))]
    return [*facts, latest("~acme/m-latest", "acme/m"), *ROUTERS]


def ordinary(row: Row, policy: Policy, of: Pools) -> Iterator[str]:
    """Yield the endpoints of a row that pass the policy, but for service tiers and those of unknown price.

    Neither hides a model (spec 5.5); one must be asked for by name and the other is refused.
    """
    concrete = row if not row.standing.latest else of.snapshot.rows[of.snapshot.positions["acme/m"]]
    for target in of.model(concrete).targets:
        if passes(target.endpoint, row, policy).passed and target.tier is None and target.priced:
            yield target.key


@given(facts=catalogues(), policy=worlds.policies(), chance=st.sampled_from((0.0, 0.4, 0.99)))
def test_a_model_is_listed_for_a_key_exactly_when_a_call_finds_an_endpoint(facts, policy, chance):
    of = Pools(snapshot(facts), NOW)
    shown = visible(of.snapshot, policy).rows.tolist()
    listed_ordinary = False
    for row, listed in zip(of.snapshot.rows, shown, strict=True):
        if row.standing.router:
            continue
        surface = Surface.EMBEDDINGS if row.id == "acme/e" else Surface.CHAT
        found = planned(of, row.id, surface=surface, policy=policy, chance=lambda: chance)
        callable_ = any(ordinary(row, policy, of))
        assert bool(found.candidates) == callable_
        assert listed == any(passes(endpoint, row, policy).passed for endpoint in row.endpoints)
        assert listed or not callable_
        listed_ordinary = listed_ordinary or (callable_ and row.id != "acme/e")
    for slug in ("openrouter/auto", "openrouter/free"):
        found = planned(of, slug, policy=policy, chance=lambda: chance)
        listed = shown[of.snapshot.positions[slug]]
        assert listed or not found.candidates
        if slug == "openrouter/auto":
            assert bool(found.candidates) == (listed and listed_ordinary)
        assert all(candidate.endpoint.traits.free or slug == "openrouter/auto" for candidate in found.candidates)
